package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages of the library name options of the command, and no methods that only a program has. */
class OptionWordingTest {
  private static final Pattern COMMENT = Pattern.compile("(?m)^\\s*(//|/?\\*).*$");
  private static final Pattern TEXT = Pattern.compile("\"((?:[^\"\\\\\\n]|\\\\.)*)\"");
  private static final Pattern JOINED = Pattern.compile("\"\\s*\\+\\s*\"");
  private static final Pattern METHOD = Pattern.compile("\\bwith[A-Z]\\w*|clearQuarantine");

  /** Where the library's messages may name something that pools of the command never have. */
  private static final Pattern NOT_HERE =
      Pattern.compile("resident limit|worker state|WorkerState|class files|total");

  /** All texts in the library's sources that name a method for options. */
  private static List<String> texts() throws IOException {
    Path sources = Path.of("../library/src/main/java");
    try (Stream<Path> files = Files.walk(sources)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .flatMap(OptionWordingTest::textsIn)
          .filter(text -> METHOD.matcher(text).find())
          .toList();
    }
  }

  private static Stream<String> textsIn(Path file) {
    try {
      String source =
          COMMENT
              .matcher(Files.readString(file))
              .replaceAll("")
              .replace("'\"'", "' '")
              .replace("'\\\"'", "' '");
      return TEXT.matcher(JOINED.matcher(source).replaceAll(""))
          .results()
          .map(OptionWordingTest::of);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String of(MatchResult found) {
    return found.group(1).replace("\\\"", "\"");
  }

  @Test
  void noMessageOfTheLibraryReachesTheUserWithTheNameOfAMethod() throws IOException {
    List<String> texts = texts();
    assertThat(texts).as("texts are found").hasSizeGreaterThan(8);
    assertThat(texts)
        .allSatisfy(text -> {
          String put = OptionWording.withOptions(text);
          assertThat(METHOD.matcher(put).find()).as(put).isFalse();
          if (put.contains("its ")) { // an option that the command has none like
            assertThat(NOT_HERE.matcher(put).find() || text.contains("its ")).as(put).isTrue();
          }
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "raise it with withHeap, or lower | raise it with --heap, or lower",
        "Raise withHeap, or lower what | Raise --heap, or lower what",
        "give withWorkers(3) | give --workers",
        "withJvmOptions(\"-Xss8m\") | JDK_JAVA_OPTIONS=-Xss8m",
        "-Xss, here and with withJvmOptions | -Xss, here and with JDK_JAVA_OPTIONS",
        "out of memory: lower workers or the worker heap. | out of memory: lower --workers or"
            + " --heap.",
        "workers of a sequential pool must be 1, got 3"
            + " | --on sequential runs one task at a time, and --workers asks for 3",
        "With withRetries it runs | With --retries it runs",
        "Raise withResidentLimit, or | Raise its resident limit, or",
      })
  void optionsHaveTheNamesOfTheCommand(String theirs, String ours) {
    assertThat(OptionWording.withOptions(theirs)).isEqualTo(ours);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "One item at a time is within a lock at T.withLock(T.java:12): an item holds it",
        "a lock at com.acme.Db.withTransaction(Db.kt:7)",
        "at T.withTimeout(T.java:12) and T.withHeap(Native Method)",
        "at Outer$withWorkers.run(Outer.java:3)",
      })
  void methodsOfTheUserKeepTheirNamesAndPlaces(String text) {
    assertThat(OptionWording.withOptions(text)).isEqualTo(text);
  }

  @Test
  void whatAWorkerPrintedIsToldAsItWasPrinted() {
    var item = new Ended(0, 1, "die", -1);
    String printed = "item 0 (die): withHeap(3) or withFooBar, lower workers";
    var death =
        DeathCertificate.of("worker-1", 4711, 3, "exited with code 3")
            .withLastOutput(List.of("lower workers", printed));
    var lost =
        new Outcome.WorkerLost<String>(
            "worker 4711 ran out of memory while running item 0 (die); raise withHeap. It last"
                + " printed: "
                + printed,
            death.withItem("item 0 (die)", 0));
    assertThat(OptionWording.lost(item, lost))
        .isEqualTo(
            "worker 4711 ran out of memory while running it; raise --heap. It last printed: "
                + printed);
  }

  @Test
  void aPageHasTheNumbersAndTheOptionsOfTheCommand() {
    var theirs = new TaskException("item 2 (x) cannot be sent: see withHeap", null);
    var told = OptionWording.told(new Outcome.Failed<String>(theirs), 2, 4);
    assertThat(((Outcome.Failed<?>) told).cause())
        .hasToString(TaskException.class.getName() + ": item 4 (x) cannot be sent: see --heap")
        .hasMessage("item 4 (x) cannot be sent: see --heap");
    var users = new Outcome.Failed<String>(new IllegalStateException("item 2 (x) withHeap"));
    assertThat(OptionWording.told(users, 2, 4)).isSameAs(users);
  }

  @Test
  void anItemThatIsNamedAlreadyHasNoIndex() {
    var item = new Ended(0, 1, "die", -1);
    var death = DeathCertificate.of("worker-1", 4711, 3, "exited with code 3");
    var lost =
        new Outcome.WorkerLost<String>(
            "worker 4711 exited with code 3 while running item 0 (die); it was not retried.",
            death.withItem("item 0 (die)", 0));
    assertThat(OptionWording.lost(item, lost))
        .isEqualTo("worker 4711 exited with code 3 while running it; it was not retried.");
  }
}
