package io.github.fornada;

import java.io.Serial;

/** Thrown for an item whose worker process died while running it. */
public final class WorkerLostException extends TaskException {
  @Serial private static final long serialVersionUID = 1L;

  private final DeathCertificate certificate;

  /**
   * Creates an exception for a lost item.
   *
   * @param message names the item and the cause
   * @param certificate what is known of the worker's death
   */
  public WorkerLostException(String message, DeathCertificate certificate) {
    super(message, null);
    this.certificate = certificate;
  }

  /** What is known of the death. */
  public DeathCertificate certificate() {
    return certificate;
  }
}
