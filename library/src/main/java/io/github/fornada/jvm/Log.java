package io.github.fornada.jvm;

/**
 * The library's log, opened only when there is something to say: to open one costs a fresh program
 * some 13 ms, while a first task waits.
 */
public final class Log {
  private Log() {}

  public static System.Logger get() {
    return System.getLogger("io.github.fornada");
  }
}
