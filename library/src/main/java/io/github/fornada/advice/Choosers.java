package io.github.fornada.advice;

import io.github.fornada.advice.decide.Setting;

/** What pools choose with. */
final class Choosers {
  /** The choosers of pools that users open. */
  static final Chooser.Maker DEFAULT =
      (machine, job, known) -> new SteadyChooser(known == null ? Setting.SEQUENTIAL : known);

  private Choosers() {}

  static Senses senses() {
    return new NoSenses();
  }
}
