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
      import io.github.fornada.process.ProcessPool;
      import io.github.fornada.threads.SequentialPool;
      import io.github.fornada.threads.ThreadPool;
      import io.github.fornada.threads.VirtualThreadPool;
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

        static byte[] large(int i) {
          return new byte[1_000_000];
        }

        static int slow(int i) throws InterruptedException {
          Thread.sleep(2);
          return i;
        }

        public static void main(String[] args) throws Exception {
          boolean threads = args[1].equals("threads");
          List<Integer> items = IntStream.range(0, ITEMS).boxed().toList();
          int ended = 0;
          try (Pool pool = open(args[0])) {
            Stream<? extends Outcome<?>> outcomes =
                threads ? pool.outcomes(items, Short::slow) : pool.outcomes(items, Short::large);
            Iterator<? extends Outcome<?>> it = outcomes.iterator();
            Outcome<?> last = null;
            while (true) {
              try {
                if (!it.hasNext()) {
                  break;
                }
                last = it.next();
                ended++;
                last = null;
                Thread.sleep(threads ? 0 : 3);
              } catch (OutOfMemoryError e) {
                // of this thread: it goes on, as others make room
              }
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
    assertThat(ran.said()).isEqualTo("60 of 60 have ended\n");
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
