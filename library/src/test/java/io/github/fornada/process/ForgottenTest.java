package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Pools that were not closed and are not reachable any more, with real garbage collections. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class ForgottenTest {
  /** As many collections as would have found an abandoned pool, if there was one. */
  private static final int ENOUGH = 5;

  @TempDir Path folder;

  /** The folders of the pool of one test. */
  private final List<Path> folders = new ArrayList<>();

  /** Its threads are looked for when all classes of this JVM have ended. */
  @AfterEach
  void nothingIsLeft() {
    awaitCollecting("no worker is left", this::noWorkerIsLeft);
    Waiting.until(
        "no folder is left", Leftovers.SOON, () -> folders.stream().noneMatch(Files::exists));
  }

  private boolean noWorkerIsLeft() {
    return Leftovers.marked(folders.getFirst().getFileName() + "/").isEmpty();
  }

  private Pool open(int workers, UnaryOperator<ProcessOptions> change) throws IOException {
    Pool pool = Pools.open(workers, change);
    folders.addAll(Leftovers.folders((ProcessPool) pool));
    return pool;
  }

  private static void awaitCollecting(String what, BooleanSupplier condition) {
    Waiting.untilCollected(what, Leftovers.SOON, condition);
  }

  private static void collect() {
    for (int i = 0; i < ENOUGH; i++) {
      System.gc();
    }
  }

  /** In a frame of its own, so that nothing of it stays on the stack. */
  private void openUseAndForget() throws Exception {
    Pool pool = open(2, o -> o);
    try {
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
      assertThat(noWorkerIsLeft()).as("they wait").isFalse();
    } finally {
      Reference.reachabilityFence(pool); // other tests collect garbage too
    }
  }

  @Test
  void aPoolForgottenWithoutCloseIsReleasedWithItsWorkersThreadsAndFiles() throws Exception {
    openUseAndForget();
    // The rest is looked at after each of these tests.
  }

  private CompletableFuture<Integer> submitAndForget(String mark) throws IOException {
    Pool pool = open(1, o -> o);
    var _ = pool.submit(0, x -> x);
    return pool.submit(
        1,
        x -> {
          while (!Files.exists(Path.of(mark))) {
            Thread.sleep(1);
          }
          return x + 1;
        });
  }

  @Test
  void whatWasHandedOverIsDoneThoughThePoolIsForgotten() throws Exception {
    Path mark = folder.resolve("go");
    CompletableFuture<Integer> future = submitAndForget(mark.toString());
    collect();
    assertThat(future).isNotDone();
    Files.createFile(mark);
    assertThat(Pools.soon(future)).isEqualTo(2);
  }

  private Iterator<Outcome<Integer>> streamAndForget() throws IOException {
    Pool pool = open(2, o -> o.withWindow(4));
    return pool.outcomes(IntStream.range(0, 200).boxed().toList(), x -> x + 1).iterator();
  }

  @Test
  void aStreamOfItsOutcomesKeepsThePool() throws Exception {
    Iterator<Outcome<Integer>> outcomes = streamAndForget();
    for (int i = 0; i < 200; i++) {
      if (i % 100 == 1) {
        collect();
      }
      assertThat(outcomes.next()).isEqualTo(new Outcome.Done<>(i + 1));
    }
    assertThat(outcomes.hasNext()).isFalse();
  }

  private Stream<Integer> gatherAndForget() throws IOException {
    Pool pool = open(1, o -> o.withWindow(2));
    return Stream.iterate(0, i -> i + 1)
        .peek(i -> {
          if (i % 40 == 1) {
            collect();
          }
        })
        .limit(120)
        .gather(pool.mapping(x -> x + 1));
  }

  @Test
  void aGathererKeepsThePool() throws Exception {
    assertThat(gatherAndForget().mapToInt(x -> x).sum()).isEqualTo(120 * 121 / 2);
  }
}
