package io.github.fornada.process;

/**
 * The library's log, opened only when there is something to say: to open one costs a fresh program
 * some 13 ms, while a first task waits.
 */
final class Log {
  private Log() {}

  static System.Logger get() {
    return System.getLogger("io.github.fornada");
  }
}
