package io.github.fornada.pipeline;

import static io.github.fornada.pipeline.StageModel.processes;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.SideBySide;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** From processes to processes values go on as their bytes: nothing is read in between. */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SideBySide
final class RelayTest {
  /** Whether this is the JVM of the test; a worker's has false. */
  private static volatile boolean here;

  /** Cannot be read in the JVM of the test. */
  static final class Shy implements Serializable {
    final int n;

    Shy(int n) {
      this.n = n;
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      if (here) {
        throw new IOException("read in the JVM of the test");
      }
      in.defaultReadObject();
    }
  }

  private static final List<Integer> TWENTY = IntStream.range(0, 20).boxed().toList();

  @BeforeAll
  static void isHere() {
    here = true;
  }

  private static Shy shy(int n) {
    return new Shy(n);
  }

  private static int open(Shy shy) {
    if (shy.n == 7) {
      throw new IllegalStateException("no 7");
    }
    return shy.n;
  }

  private static byte[] large(int n) {
    byte[] bytes = new byte[(n % 3 + 1) << 20];
    Arrays.fill(bytes, (byte) n);
    return bytes;
  }

  private static int sum(byte[] bytes) {
    for (byte b : bytes) {
      if (b != bytes[0]) {
        throw new IllegalStateException("not the bytes that were sent");
      }
    }
    return bytes[0] + bytes.length;
  }

  @Test
  void nothingIsReadBetweenTwoStagesOfProcesses() {
    try (var run =
        Pipeline.from(TWENTY)
            .stage("first", processes(1), RelayTest::shy)
            .stage("second", processes(1), shy -> shy)
            .stage("third", processes(1), RelayTest::open)
            .run()) {
      List<PipelineOutcome<Integer>> all = run.outcomes().toList();
      for (PipelineOutcome<Integer> outcome : all) {
        if (outcome.index() == 7) {
          assertThat(outcome.outcome()).isInstanceOf(Outcome.Failed.class);
          assertThat(outcome.stage()).isEqualTo("third");
          assertThat(String.valueOf(outcome.item())).endsWith("bytes, passed on unread");
        } else {
          assertThat(outcome.get()).isEqualTo((int) outcome.index());
        }
      }
      assertThat(all).hasSize(20);
    }
  }

  @Test
  void theLastStageAndAFilterAreRead() {
    try (var run =
        Pipeline.from(TWENTY)
            .stage("first", processes(1), n -> n + 1)
            .filter(n -> n % 2 == 0)
            .stage("second", processes(1), n -> n + 1)
            .run()) {
      assertThat(run.outcomes().map(PipelineOutcome::get))
          .isEqualTo(
              TWENTY.stream().map(n -> n + 1).filter(n -> n % 2 == 0).map(n -> n + 1).toList());
    }
  }

  @Test
  void largeArraysGoOnAsTheirFiles() {
    try (var run =
        Pipeline.from(TWENTY)
            .stage("first", processes(1), RelayTest::large)
            .stage("second", processes(1), RelayTest::sum)
            .run(o -> o.withQueue(2))) {
      assertThat(run.outcomes().map(PipelineOutcome::get))
          .isEqualTo(TWENTY.stream().map(n -> n + ((n % 3 + 1) << 20)).toList());
    }
  }

  /** Its first two tries cost a worker. */
  private static int sumAtLast(byte[] bytes) {
    if (bytes[0] == 5 && ProcessHandle.current().pid() % 2 == 0) {
      Runtime.getRuntime().halt(3);
    }
    return sum(bytes);
  }

  @Test
  void aRetryIsOfTheSameBytes() {
    try (var run =
        Pipeline.from(TWENTY)
            .stage("first", processes(1), RelayTest::large)
            .stage("second", processes(1), RelayTest::sumAtLast, o -> o.withRetries(8))
            .run(o -> o.withQueue(2))) {
      List<PipelineOutcome<Integer>> all = run.outcomes().toList();
      assertThat(all).hasSize(20);
      for (PipelineOutcome<Integer> outcome : all) {
        if (outcome.isDone()) {
          int n = (int) outcome.index();
          assertThat(outcome.get()).isEqualTo(n + ((n % 3 + 1) << 20));
        } else {
          assertThat(outcome.index()).isEqualTo(5);
          assertThat(outcome.outcome()).isInstanceOf(Outcome.WorkerLost.class);
        }
      }
    }
  }
}
