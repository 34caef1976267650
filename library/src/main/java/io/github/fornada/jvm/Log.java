package io.github.fornada.jvm;

/**
 * The library's log. It is opened only for the first message: opening a log takes some 13 ms in a
 * program that has just started, while a first task waits.
 */
public final class Log {
  private Log() {}

  public static System.Logger get() {
    return System.getLogger("io.github.fornada");
  }
}
