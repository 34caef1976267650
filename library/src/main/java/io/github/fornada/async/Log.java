package io.github.fornada.async;

/** The library's log, opened only when there is something to say. */
final class Log {
  private Log() {}

  static System.Logger get() {
    return System.getLogger("io.github.fornada");
  }
}
