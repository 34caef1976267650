package io.github.fornada.process.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.process.Leftovers;
import io.github.fornada.process.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A program that ends while it makes a cache. */
@SideBySide
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class AotCacheCutOffTest {
  private static final String PROGRAM =
      """
      package io.github.fornada.process.launch;
      import java.util.*;
      public class Short {
        public static void main(String[] args) throws Exception {
          var cache = AotCache.of(List.of("-XX:+UseSerialGC"), List.of());
          Thread.ofPlatform().daemon().start(cache::make);
          var seen = new TreeSet<Long>(); // one may have ended before the next is there
          do {
            ProcessHandle.current().descendants().forEach(p -> seen.add(p.pid()));
          } while (seen.size() < 2);
          System.out.println("making");
          seen.forEach(System.out::println);
          System.out.flush();
          switch (args[0]) {
            case "exit" -> System.exit(0);
            case "halt" -> Runtime.getRuntime().halt(0);
          }
        }
      }
      """;

  @TempDir static Path compiled;
  @TempDir Path temp;

  @BeforeAll
  static void compile() throws IOException {
    Path _ =
        Programs.compile(
            compiled.resolve("classes"), List.of("-cp", Programs.library().toString()), PROGRAM);
  }

  @ParameterizedTest
  @ValueSource(strings = {"exit", "halt"})
  void aProgramThatEndsMeanwhileLeavesNothing(String end) throws Exception {
    Path folder = temp.resolve("short");
    var ran =
        Programs.java(
            temp,
            Map.of(),
            List.of(
                "-D" + AotCacheFolder.PROPERTY + "=" + folder,
                "-cp",
                compiled.resolve("classes") + ":" + Programs.library(),
                "io.github.fornada.process.launch.Short",
                end));
    List<String> lines = ran.said().lines().toList();
    assertThat(lines).startsWith("making").hasSizeGreaterThan(2);
    for (String pid : lines.subList(1, lines.size())) {
      Waiting.until(
          "process " + pid + " is gone",
          Leftovers.SOON,
          () -> ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isEmpty());
      Leftovers.assertNone(Long.parseLong(pid));
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()).toList())
          .allMatch(name -> name.endsWith(".jar") || name.equals("lock"));
    }
  }
}
