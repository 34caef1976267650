package io.github.fornada.process.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import io.github.fornada.process.Programs;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The number of workers by default fits the memory; a chosen one is kept. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class WorkerNumberTest {
  @TempDir Path temp;

  @ParameterizedTest
  @CsvSource({
    // processors, MB of memory, MB of heap, workers
    "16,    600,   64,  3",
    "16,   2048,   64, 12",
    "16,   4096,   64, 16",
    "16,  65536,   64, 16",
    "16,  16384, 2048,  5",
    " 2,    600,   64,  2",
    " 4,    100,   64,  1",
    " 4,   8192,  512,  4",
  })
  void asManyAsFitIntoThreeQuarters(int processors, long memory, long heap, int workers) {
    assertThat(Launcher.fit(processors, memory << 20, heap << 20)).isEqualTo(workers);
  }

  @Test
  void aChosenNumberIsKeptWithItsShareOfTheHeap() throws Exception {
    String library = Programs.library().toString();
    Path classes =
        Programs.compile(
            temp.resolve("classes"),
            List.of("-cp", library),
            """
            import io.github.fornada.process.ProcessPool;
            public class Main {
              public static void main(String[] args) throws Exception {
                String[] seen = new String[3];
                ProcessPool.open(o -> {
                  seen[0] = o.withHeap("900g").workers() + "";
                  seen[1] = o.withHeap("900g").withWorkers(5).workers() + "";
                  seen[2] = o.withHeap("2m").workers() + "";
                  return o.withWorkers(1).withMinWorkers(0);
                }).close();
                System.out.println(String.join(" ", seen));
              }
            }
            """);
    Programs.Ran ran =
        Programs.java(
            temp,
            Map.of(),
            List.of(
                "-XX:ActiveProcessorCount=6",
                "-cp",
                library + File.pathSeparator + classes,
                "Main"));
    assertThat(ran.said()).startsWith("1 5 6");
  }
}
