package io.github.fornada;

import java.io.Serial;

/** Thrown for an item whose worker process died while running it. */
public final class WorkerLostException extends TaskException {
  @Serial private static final long serialVersionUID = 1L;

  private final DeathCertificate certificate;

  /**
   * Creates an exception for a lost item.
   *
   * @param message a sentence that names the item and the cause
   * @param certificate what is known about the worker's death
   */
  public WorkerLostException(String message, DeathCertificate certificate) {
    super(message, null);
    this.certificate = certificate;
  }

  /** Returns what is known about the worker's death. */
  public DeathCertificate certificate() {
    return certificate;
  }
}
