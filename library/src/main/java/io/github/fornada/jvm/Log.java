package io.github.fornada.jvm;

/**
 * The library's log. It is opened only for the first message: opening a log takes about 13 ms in a
 * program that has just started, and the first task would wait for that.
 */
public final class Log {
  private Log() {}

  public static System.Logger get() {
    return System.getLogger("io.github.fornada");
  }
}
