package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.io.File;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A failure to start workers is reported, is bounded in time, and leaves nothing behind. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class StartFailureTest {
  @TempDir Path temp;

  private Programs.Ran run(String source, String... options) throws Exception {
    String library = Programs.library().toString();
    Path classes = Programs.compile(temp.resolve("classes"), List.of("-cp", library), source);
    var arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("-cp", library + File.pathSeparator + classes, "Main"));
    return Programs.java(temp, Map.of(), arguments);
  }

  private static final String TWO_ITEMS =
      """
      import io.github.fornada.process.ProcessPool;
      import java.util.List;
      public class Main {
        public static void main(String[] args) throws Exception {
          try (var pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("32m"))) {
            pool.outcomes(List.of(1, 2), x -> x + 1).forEach(System.out::println);
          }
        }
      }
      """;

  @Test
  void aRuntimeImageWithoutAFlightRecorderWillDo() throws Exception {
    Programs.Ran ran =
        run(
            TWO_ITEMS,
            "--limit-modules=java.base,java.logging,java.management,jdk.management,jdk.unsupported");
    assertThat(ran.said().lines()).containsExactly("Done[value=2]", "Done[value=3]");
  }

  @Test
  void aFaultOfThisSideThatIsNoIoExceptionIsCountedAndToldToEveryItem() throws Exception {
    // The codec is written for the worker while that starts, and each time the JVM lacks something.
    ProcessPool pool =
        ProcessPool.open(o -> o.withWorkers(1).withHeap("64m").withCodec(new Lacking()));
    try {
      for (var outcome : pool.outcomes(List.of(1, 2), x -> x + 1).toList()) {
        assertThat(outcome.toString())
            .contains("Failed")
            .contains("a worker could not be started")
            .contains("acme/Missing");
      }
    } finally {
      Pools.end(pool);
    }
  }

  private static final class Lacking implements io.github.fornada.spi.PayloadCodec {
    private void writeObject(java.io.ObjectOutputStream out) {
      throw new NoClassDefFoundError("acme/Missing");
    }

    @Override
    public Session open(ClassLoader loader) {
      return new Session() {
        @Override
        public void write(Object value, java.io.OutputStream out) {}

        @Override
        public Object read(byte[] bytes, int from, int length) {
          return "";
        }
      };
    }
  }

  private static int command(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
    return process.waitFor(10, TimeUnit.SECONDS) ? process.exitValue() : -1;
  }

  @Test
  void aPoolThatCannotBeOpenedLeavesNothing() throws Exception {
    Path place = Files.createDirectory(temp.resolve("few"));
    // Room for the folder and its lock, but not for FIFOs or a socket.
    Assumptions.assumeTrue(
        command("mount", "-t", "tmpfs", "-o", "nr_inodes=3", "none", place.toString()) == 0,
        "only root can mount");
    try {
      assertThatThrownBy(
              () -> ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"), List.of(place)))
          .hasMessageContaining("the process pool could not be opened");
      try (DirectoryStream<Path> left = Files.newDirectoryStream(place)) {
        assertThat(left).isEmpty();
      }
      Waiting.until(
          "no guard and no worker is left",
          Leftovers.SOON,
          () ->
              ProcessHandle.current()
                  .descendants()
                  .noneMatch(p -> p.info().commandLine().orElse("").contains(place.toString())));
    } finally {
      command("umount", "--lazy", place.toString());
    }
  }

  @Test
  void aPoolOpenedWhileTheJvmShutsDownIsRefusedInOneLine() throws Exception {
    Programs.Ran ran =
        run(
            """
            import io.github.fornada.process.ProcessPool;
            import java.nio.file.*;
            public class Main {
              public static void main(String[] args) throws Exception {
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                  var pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("32m"));
                }));
                System.out.println(ProcessHandle.current().pid());
              }
            }
            """);
    List<String> lines = ran.said().lines().toList();
    assertThat(lines).hasSize(2);
    assertThat(lines.get(1))
        .endsWith("no worker JVMs can be started any more: this JVM is shutting down");
    Leftovers.assertNone(Long.parseLong(lines.getFirst()));
  }
}
