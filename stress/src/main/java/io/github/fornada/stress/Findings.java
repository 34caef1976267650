package io.github.fornada.stress;

import java.util.ArrayList;
import java.util.List;

/** The faults that a storm found. Without faults the storm has passed. */
public final class Findings {
  private static final int PRINTED = 12;

  private final List<String> first = new ArrayList<>();
  private int count;

  /** Records a fault unless the condition holds. */
  @SuppressWarnings("AnnotateFormatMethod") // asks for a dependency on Error Prone's annotations
  void check(boolean holds, String format, Object... arguments) {
    if (!holds) {
      add(String.format(format, arguments));
    }
  }

  synchronized void add(String what) {
    count++;
    if (first.size() < PRINTED) {
      first.add(what);
    }
  }

  /** Returns how many faults there are. */
  public synchronized int count() {
    return count;
  }

  /** Returns the first faults, one per line. */
  public synchronized List<String> lines() {
    var lines = new ArrayList<>(first);
    if (count > first.size()) {
      lines.add("and " + (count - first.size()) + " more");
    }
    return lines;
  }
}
