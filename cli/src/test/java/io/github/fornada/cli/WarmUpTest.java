package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the command does for the first time is done before the first item, in workers too. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class WarmUpTest {
  /** Functions that say, of their own JVM and while their item runs, what is there already. */
  private static final String SEEN =
      """
      import java.lang.management.*;
      import javax.management.*;
      public class Seen {
        static String objects() throws Exception {
          return (String)
              ManagementFactory.getPlatformMBeanServer()
                  .invoke(
                      new ObjectName("com.sun.management:type=DiagnosticCommand"),
                      "gcClassHistogram",
                      new Object[] {new String[] {"-all"}},
                      new String[] {String[].class.getName()});
        }
        static boolean writer() throws Exception {
          return objects().contains(".databind.json.JsonMapper");
        }
        static boolean call() throws Exception {
          return objects().contains("io.github.fornada.cli.WarmUpSample");
        }
        public static String text(String s) throws Exception {
          return "writer " + writer() + ", call " + call();
        }
        public record Found(String text) {}
        public static Found found(String s) throws Exception {
          return new Found(text(s));
        }
        public static class Loud {
          static int called;
          final String text;
          public Loud(String text) {
            called++;
            this.text = text;
          }
          @Override public String toString() {
            called++;
            return text;
          }
        }
        public static String loud(Loud item) {
          return "called " + Loud.called;
        }
      }
      """;

  @RegisterExtension final ServedFolder served = new ServedFolder();

  @BeforeEach
  void writeTasks() throws IOException {
    Files.writeString(served.path().resolve("Seen.java"), SEEN);
  }

  /** In a JVM where nothing ran before: that of the command, or of a worker. */
  private String fresh(String model, String... arguments) throws IOException {
    var all = new ArrayList<>(List.of("run", "--on", model));
    all.addAll(List.of(arguments));
    String[] words = all.toArray(String[]::new);
    Command.Result result =
        model.equals("processes")
            ? Command.run(served.path(), words)
            : Command.process(served.path(), words);
    assertThat(result.exitCode()).as(result.err()).isZero();
    return result.out().strip();
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "processes"})
  void theWriterOfJsonIsThereBeforeTheFirstItemWhoseResultContainsOthers(String model)
      throws IOException {
    assertThat(fresh(model, "Seen.java#found", "x"))
        .isEqualTo("{\"text\":\"writer true, call true\"}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"virtual", "processes"})
  void theWriterOfJsonIsThereBeforeTheFirstItemOfAJsonRun(String model) throws IOException {
    assertThat(fresh(model, "--format", "jsonl", "Seen.java#text", "x"))
        .contains("writer true, call true");
  }

  @Test
  void textNeedsNoWriterOfJson() throws IOException {
    assertThat(fresh("processes", "Seen.java#text", "x")).isEqualTo("writer false, call true");
  }

  @Test
  void stagesAreWarmBeforeTheirFirstItemToo() throws IOException {
    assertThat(fresh("processes", "Seen.java#found", "then", "Seen.java#text", "x"))
        .isEqualTo("writer false, call true");
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "processes"})
  void noneOfTheUsersCodeRunsBeforeItsFirstItem(String model) throws IOException {
    assertThat(fresh(model, "Seen.java#loud", "x")).isEqualTo("called 1");
  }

  @Test
  void aWorkerWhoseHeapHasNoRoomForItStarts() throws IOException {
    Command.Result result =
        Command.run(
            served.path(),
            "run",
            "--on",
            "processes",
            "--heap",
            "2m",
            "--format",
            "jsonl",
            "Seen.java#loud",
            "x");
    assertThat(result.out() + result.err()).doesNotContain("did not start");
  }

  @Test
  void theSampleOfEachKindOfItemCanBeCalled() throws Exception {
    for (Class<?> item :
        List.of(
            String.class,
            CharSequence.class,
            Path.class,
            File.class,
            URI.class,
            int.class,
            long.class,
            double.class,
            Integer.class,
            Long.class,
            Double.class,
            BigDecimal.class)) {
      for (WarmUp.Sample sample : WarmUp.samples(item)) {
        assertThat(sample.call().apply(sample.item())).as(item.getName()).isNotNull();
      }
    }
  }

  @Test
  void aResultContainsOthersIfItsTypeDoesOrMay() {
    for (Class<?> type :
        List.of(
            Object.class,
            Map.class,
            List.class,
            Iterable.class,
            Iterator.class,
            IntStream.class,
            Map.Entry.class,
            Optional.class,
            int[].class,
            Some.class,
            WarmUp.class)) {
      assertThat(WarmUp.mayContainOthers(type)).as(type.getName()).isTrue();
    }
    for (Class<?> type :
        List.of(
            String.class, void.class, int.class, CharSequence.class, Path.class, Duration.class)) {
      assertThat(WarmUp.mayContainOthers(type)).as(type.getName()).isFalse();
    }
  }

  private interface Some {}
}
