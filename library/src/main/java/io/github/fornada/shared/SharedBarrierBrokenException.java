package io.github.fornada.shared;

import io.github.fornada.DeathCertificate;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown to a party of a {@link SharedBarrier} that waits, or comes, after the barrier was broken.
 */
public final class SharedBarrierBrokenException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1L;

  private final @Nullable DeathCertificate died;

  SharedBarrierBrokenException(String message, @Nullable DeathCertificate died) {
    super(message);
    this.died = died;
  }

  /** Returns the certificate of the process whose death broke the barrier; null if none did. */
  public @Nullable DeathCertificate died() {
    return died;
  }
}
