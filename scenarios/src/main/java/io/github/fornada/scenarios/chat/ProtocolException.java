package io.github.fornada.scenarios.chat;

import java.io.IOException;

/** The other side does not keep to the protocol; the connection is closed with a code. */
final class ProtocolException extends IOException {
  private static final long serialVersionUID = 1;

  private final int code;

  /** Creates an exception that says what is wrong. */
  ProtocolException(int code, String message) {
    super(message);
    this.code = code;
  }

  /** Returns the code of the close frame. */
  int code() {
    return code;
  }
}
