package io.github.fornada.stress.pipelines;

import io.github.fornada.TaskFunction;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The function of a stage, which does as its plan says.
 *
 * @param attempts the folder where first attempts leave a file, seen by all processes
 */
record StageTask(StagePlan plan, String attempts) implements TaskFunction<Object, Object> {
  private static final int EXIT = 7;

  /** Longer than a timeout may come late on a loaded machine, and than nothing may move. */
  private static final long NEVER_MILLIS = 600_000;

  /** What a planned failure throws. */
  static final class PlannedException extends RuntimeException {
    private static final long serialVersionUID = 1;
    static final String MESSAGE = "as planned";

    PlannedException() {
      super(MESSAGE, null, false, false);
    }
  }

  @Override
  public Object apply(Object item) throws Exception {
    long[] tokens = Value.tokens(item);
    long token = tokens[0];
    if (plan.isFlaky(token) && isFirst("flaky", token)) {
      throw new PlannedException();
    }
    if (plan.haltsOnce(token) && isFirst("halt", token)) {
      Runtime.getRuntime().halt(EXIT);
    }
    takeTime(token);
    switch (plan.ending(token)) {
      case LOST -> Runtime.getRuntime().halt(EXIT);
      case TIMED_OUT -> Thread.sleep(NEVER_MILLIS);
      case FAILED -> throw new PlannedException();
      default -> {}
    }
    if (plan.unpacks()) {
      return LongStream.of(tokens).mapToObj(Value::of);
    }
    return plan.multiplies() ? children(token) : item instanceof List<?> ? new Value(tokens) : item;
  }

  private Object children(long token) {
    int count = plan.children(token);
    int breaksAt = plan.breaksAt(token, count);
    return IntStream.range(0, count)
        .mapToObj(k -> {
          if (k == breaksAt) {
            throw new PlannedException();
          }
          return Value.of(Tokens.child(token, plan.depth(), k));
        });
  }

  private boolean isFirst(String what, long token) throws IOException {
    try {
      Files.createFile(Path.of(attempts, what + "-" + plan.depth() + "-" + token));
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // onSpinWait is intended
  private void takeTime(long token) throws InterruptedException {
    StagePlan.Pace pace = plan.pace();
    long end = System.nanoTime() + pace.spinNanos();
    while (pace.spinNanos() > 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    long index = Tokens.index(token);
    if (index >= pace.slowFrom() && index < pace.slowTo()) {
      Thread.sleep(pace.slowMicros() / 1000, pace.slowMicros() % 1000 * 1000);
    }
    if (index == pace.stallsAt() && token == Tokens.ancestor(token, 0)) {
      Thread.sleep(pace.stallMillis());
    }
  }
}
