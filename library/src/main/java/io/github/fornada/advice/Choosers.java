package io.github.fornada.advice;

/** What pools choose with. */
final class Choosers {
  /** The choosers of pools that users open. */
  static final Chooser.Maker DEFAULT = DeciderChooser::new;

  private Choosers() {}

  static Senses senses() {
    return new RealSenses();
  }
}
