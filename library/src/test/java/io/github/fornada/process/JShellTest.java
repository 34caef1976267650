package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks that are written in JShell. */
@SideBySide
class JShellTest {
  @Test
  void aTaskRunsAndTheLogSaysOnceWhatOfJShellAWorkerLacks(@TempDir Path folder) throws Exception {
    Path script =
        Files.writeString(
            folder.resolve("script.jsh"),
            """
            import io.github.fornada.process.*;
            int twice(int x) { return 2 * x; }
            var pool = ProcessPool.open(o -> o.withWorkers(1));
            System.out.println(pool.map(List.of(1, 2, 3), x -> twice(x)));
            System.out.println(pool.map(List.of(4, 5), x -> x + 1));
            pool.close();
            /exit
            """);
    Programs.Ran ran =
        Programs.run(
            folder,
            Map.of(),
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "jshell").toString(),
                "--class-path",
                Programs.library().toString(),
                "-s",
                script.toString()));
    assertThat(ran.said())
        .contains("[2, 4, 6]", "[5, 6]")
        .containsOnlyOnce("a task comes from JShell: in a worker process JShell's variables are");
  }
}
