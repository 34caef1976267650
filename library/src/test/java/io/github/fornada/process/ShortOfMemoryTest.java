package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A program, rather than a task, whose heap is full for a moment, or that gets no more threads. */
@SideBySide
class ShortOfMemoryTest {
  private static final String PROGRAM =
      """
      import io.github.fornada.Outcome;
      import io.github.fornada.Pool;
      import io.github.fornada.advice.AutoPool;
      import io.github.fornada.pipeline.Origin;
      import io.github.fornada.pipeline.Pipeline;
      import io.github.fornada.pipeline.PipelineOutcome;
      import io.github.fornada.pipeline.PipelineRun;
      import io.github.fornada.pipeline.StageModel;
      import io.github.fornada.process.ProcessPool;
      import io.github.fornada.threads.SequentialPool;
      import io.github.fornada.threads.ThreadPool;
      import io.github.fornada.threads.VirtualThreadPool;
      import java.time.Duration;
      import java.util.BitSet;
      import java.util.Iterator;
      import java.util.List;
      import java.util.stream.IntStream;
      import java.util.stream.Stream;

      public class Short {
        static final int ITEMS = 60;

        static Pool open(String model) {
          return switch (model) {
            case "threads" -> ThreadPool.open(o -> o.withWorkers(2));
            case "many" -> ThreadPool.open(o -> o.withWorkers(60));
            case "virtual" -> VirtualThreadPool.open(o -> o.withWorkers(2));
            case "sequential" -> SequentialPool.open();
            case "auto" -> AutoPool.open(o -> o.withoutMemory().withMostProcesses(0));
            default -> ProcessPool.open(o -> o.withWorkers(2).withHeap("64m"));
          };
        }

        /** A result whose size is not plain to see. */
        record Large(byte[] bytes) implements java.io.Serializable {}

        static Large large(int i) {
          return new Large(new byte[1_000_000]);
        }

        static byte[] bytes(int i) {
          return new byte[1_000_000];
        }

        /** Takes results that together are far larger than the heap, slowly. */
        static void takeSlowly(String model) throws InterruptedException {
          List<Integer> items = IntStream.range(0, 300).boxed().toList();
          int done = 0;
          try (Pool pool = open(model); var outcomes = pool.outcomes(items, Short::bytes)) {
            for (Outcome<?> outcome : (Iterable<Outcome<byte[]>>) outcomes::iterator) {
              done += outcome.isDone() ? 1 : 0;
              Thread.sleep(3);
            }
          }
          System.out.println(done + " results");
        }

        static int slowLength(byte[] bytes) throws InterruptedException {
          Thread.sleep(3);
          return bytes.length;
        }

        /** Makes items that together are far larger than the heap, as quickly as they are taken. */
        static void giveQuickly(String model) {
          Iterable<byte[]> items = () -> IntStream.range(0, 300).mapToObj(Short::bytes).iterator();
          try (Pool pool = open(model); var outcomes = pool.outcomes(items, Short::slowLength)) {
            System.out.println(outcomes.filter(Outcome::isDone).count() + " results");
          }
        }

        static int slow(int i) throws InterruptedException {
          Thread.sleep(2);
          return i;
        }

        /** Pipelines of 60 items, whose results have 1 MB of each. */
        static PipelineRun<?> run(String kind) {
          List<Integer> items = IntStream.range(0, ITEMS).boxed().toList();
          StageModel<?> model =
              kind.equals("workers") ? StageModel.processes(2) : StageModel.threads(2);
          Pipeline<?> made =
              kind.equals("flat")
                  ? Pipeline.from(items)
                      .flatStage("make", model, i -> Stream.of(i, i, i).map(x -> new byte[333_333]))
                  : Pipeline.from(items).stage("make", model, Short::large);
          return kind.equals("batches")
              ? made.batches(3, Duration.ofDays(1))
                  .stage("same", StageModel.threads(2), batch -> batch).run()
              : made.stage("same", StageModel.threads(2), bytes -> bytes).run();
        }

        /** Counts the items that outcomes were made from. */
        static int count(Iterator<?> it, boolean pauses) throws InterruptedException {
          var ended = new BitSet();
          int n = 0;
          Object last = null;
          while (true) {
            try {
              if (!it.hasNext()) {
                return n == 0 ? ended.cardinality() : n;
              }
              last = it.next();
              if (last instanceof PipelineOutcome<?> outcome) {
                for (Origin origin : outcome.origins()) {
                  ended.set((int) origin.index());
                }
              } else {
                n++;
              }
              last = null;
              Thread.sleep(pauses ? 3 : 0);
            } catch (OutOfMemoryError e) {
              // of this thread: it goes on, as others make room
            }
          }
        }

        /** Keeps all outcomes, which do not fit into the heap. */
        static void keepAll(String model) {
          List<Integer> items = IntStream.range(0, 1_000_000).boxed().toList();
          try (Pool pool = open(model);
              var outcomes = pool.outcomes(items, i -> new byte[100])) {
            System.out.println(outcomes.toList().size() + " outcomes");
          } catch (OutOfMemoryError e) {
            System.out.println("there is no memory for them");
          }
        }

        public static void main(String[] args) throws Exception {
          if (args[1].equals("all")) {
            keepAll(args[0]);
            return;
          }
          if (args[1].equals("slowly")) {
            takeSlowly(args[0]);
            return;
          }
          if (args[1].equals("quickly")) {
            giveQuickly(args[0]);
            return;
          }
          boolean threads = args[1].equals("threads");
          List<Integer> items = IntStream.range(0, ITEMS).boxed().toList();
          int ended;
          if (args[1].equals("stages")) {
            try (PipelineRun<?> run = run(args[0])) {
              ended = count(run.outcomes().iterator(), true);
            }
          } else {
            try (Pool pool = open(args[0])) {
              Stream<? extends Outcome<?>> outcomes =
                  threads ? pool.outcomes(items, Short::slow) : pool.outcomes(items, Short::large);
              ended = count(outcomes.iterator(), !threads);
            }
          }
          System.out.println(ended + " of " + ITEMS + " have ended");
        }
      }
      """;

  private static Programs.Ran run(Path folder, String limits, String options, String... arguments)
      throws Exception {
    Path classes = Programs.compile(folder.resolve("classes"), List.of(), PROGRAM);
    return Programs.runLimited(
        folder,
        limits,
        Programs.library() + File.pathSeparator + classes,
        options + " -XX:+UseSerialGC Short " + String.join(" ", arguments));
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "virtual", "sequential", "auto", "processes"})
  void resultsThatFillTheHeapForAMomentCostNoOutcome(String model, @TempDir Path folder)
      throws Exception {
    Programs.Ran ran = run(folder, ":", "-Xmx20m", model, "heap");
    assertThat(ran.said()).as("warnings may come before").endsWith("60 of 60 have ended\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "flat", "batches", "workers"})
  void whatStagesMakeAndFillsTheHeapWithCostsNoOutcome(String stages, @TempDir Path folder)
      throws Exception {
    Programs.Ran ran = run(folder, ":", "-Xmx20m", stages, "stages");
    assertThat(ran.said()).as("warnings may come before").endsWith("60 of 60 have ended\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "virtual", "sequential", "auto", "processes"})
  void largeResultsThatTheirConsumerIsSlowToTakeDoNotFillTheHeap(String model, @TempDir Path folder)
      throws Exception {
    Programs.Ran ran = run(folder, ":", "-Xmx64m", model, "slowly");
    assertThat(ran.said()).as("warnings may come before").endsWith("300 results\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "virtual", "sequential", "auto", "processes"})
  void largeItemsOfASourceThatIsQuickerThanTheWorkersDoNotFillTheHeap(
      String model, @TempDir Path folder) throws Exception {
    Programs.Ran ran = run(folder, ":", "-Xmx64m", model, "quickly");
    assertThat(ran.said()).as("warnings may come before").endsWith("300 results\n");
  }

  /** Who waits for the next outcome holds all the others, so nobody else can make room. */
  @ParameterizedTest
  @ValueSource(strings = {"threads", "sequential"})
  void aCallWhoseOutcomesNeverFitEndsWithTheErrorThatSaysSo(String model, @TempDir Path folder)
      throws Exception {
    Programs.Ran ran = run(folder, ":", "-Xmx60m", model, "all");
    assertThat(ran.said()).isEqualTo("there is no memory for them\n");
  }

  /** Stacks of a gigabyte each, in an address space of a few of them. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void whereNoMoreThreadsCanBeHadThoseThatAreThereRunAllItems(@TempDir Path folder)
      throws Exception {
    Programs.Ran ran =
        run(
            folder,
            "ulimit -v 25000000",
            "-Xmx64m -Xss1g -XX:CompressedClassSpaceSize=64m -XX:ReservedCodeCacheSize=64m"
                + " -Xlog:os+thread=off",
            "many",
            "threads");
    assertThat(ran.said()).contains("60 of 60 have ended\n");
  }
}
