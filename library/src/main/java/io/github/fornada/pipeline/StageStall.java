package io.github.fornada.pipeline;

import io.github.fornada.jvm.Durations;
import java.time.Duration;
import java.util.List;

/** A stage that has input, and has neither taken nor given an item for some time. Immutable. */
public final class StageStall {
  private final String stage;
  private final Duration time;
  private final long waiting;
  private final List<String> stacks;

  StageStall(String stage, Duration time, long waiting, List<String> stacks) {
    this.stage = stage;
    this.time = time;
    this.waiting = waiting;
    this.stacks = List.copyOf(stacks);
  }

  /** Returns the name of the stage. */
  public String stage() {
    return stage;
  }

  /** Returns for how long nothing has happened there. */
  public Duration time() {
    return time;
  }

  /** Returns how many items wait in the stage's queue. */
  public long waiting() {
    return waiting;
  }

  /**
   * Returns where the threads of the stage's workers are, one text for each, as far as they run in
   * this JVM.
   */
  public List<String> stacks() {
    return stacks;
  }

  /** Returns a text that says which stage, for how long, and where its workers are. */
  @Override
  public String toString() {
    var text = new StringBuilder();
    text.append("stage \"")
        .append(stage)
        .append("\" has neither taken nor given an item for ")
        .append(Durations.inWords(time))
        .append(", and ")
        .append(waiting)
        .append(waiting == 1 ? " item waits" : " items wait")
        .append(" for it");
    for (String stack : stacks) {
      text.append(System.lineSeparator()).append(stack);
    }
    return text.toString();
  }
}
