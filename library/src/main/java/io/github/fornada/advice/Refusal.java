package io.github.fornada.advice;

import java.net.ConnectException;

/** Failures that look like overload of the other side. */
final class Refusal {
  private Refusal() {}

  static boolean looksLikeOne(Throwable thrown) {
    return thrown instanceof ConnectException;
  }
}
