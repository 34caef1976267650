package io.github.fornada.scenarios.harness;

import java.util.Locale;

/** How much a scenario does. */
public enum Size {
  /** All scenarios together in less than three minutes: what CI runs. */
  SMALL,
  /** Long enough for figures to quote. */
  NORMAL,
  /** As large as the machine can reasonably hold. */
  LARGE;

  /** Returns the value for this size. */
  public int of(int small, int normal, int large) {
    return switch (this) {
      case SMALL -> small;
      case NORMAL -> normal;
      case LARGE -> large;
    };
  }

  /** Returns the name as it is written on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
