package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.TaskUsage;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every input has a number, from 1, refused ones too; and what is written keeps that order. */
class InputNumbersTest {
  @TempDir Path folder;

  @Test
  void refusedInputsHaveNumbersAmongTheOthers() {
    var refusals = new Refusals();
    var numbers = new ArrayList<Long>();
    refusals.setReceiver(each -> numbers.add(each.number()));
    refusals.add("x", "line 1", "why"); // 1
    refusals.accept(); // 2, index 0
    refusals.accept(); // 3, index 1
    assertThat(refusals.next()).isEqualTo(4);
    refusals.add("y", "line 4", "why"); // 4
    refusals.add("z", "line 5", "why"); // 5
    refusals.accept(); // 6, index 2
    assertThat(numbers).containsExactly(1L, 4L, 5L);
    assertThat(List.of(refusals.number(0), refusals.number(1), refusals.number(2)))
        .containsExactly(2L, 3L, 6L);
    assertThat(refusals.count()).isEqualTo(3);
  }

  @Test
  void manyRefusedInputsKeepTheNumbersRight() {
    var refusals = new Refusals();
    for (int i = 0; i < 1000; i++) { // 1 is refused, 2 not, and so on
      refusals.add("x", "line " + (2 * i + 1), "why");
      refusals.accept();
    }
    for (int i = 0; i < 1000; i++) {
      assertThat(refusals.number(i)).isEqualTo(2L * i + 2);
    }
  }

  @Test
  void itemsWithoutAnOutcomeAreKnown() {
    var known = new OpenItems(new Inputs.Known(List.of("a", "b", "c", "d")), index -> index + 1);
    assertThat(known.end(1)).isEqualTo(new Ended(1, 2, "b", TaskUsage.UNKNOWN));
    assertThat(known.left()).extracting(Ended::input).containsExactly("a", "c", "d");
    assertThat(known.left()).extracting(Ended::number).containsExactly(1L, 3L, 4L);
    assertThat(known.countLeft()).isEqualTo(3);

    var lines = new OpenItems(new Inputs.Lines(List.of("a", "b", "c"), null), index -> index + 1);
    assertThat(lines.left()).isEmpty();
    var source = lines.source().iterator();
    source.next();
    source.next();
    assertThat(lines.left()).extracting(Ended::input).containsExactly("a", "b");
    assertThat(lines.end(0).input()).isEqualTo("a");
    assertThat(lines.left()).extracting(Ended::input).containsExactly("b");
    assertThat(lines.countLeft()).isEqualTo(1);
  }

  private String written(boolean ordered, java.util.function.Consumer<LinesInOrder> puts)
      throws Exception {
    Path file = Files.createTempFile(folder, "lines", ".txt");
    var terminal =
        new Terminal(
            new MessageStream(new ByteArrayOutputStream(), StandardCharsets.UTF_8),
            false,
            false,
            80,
            true);
    OutputFile output = OutputFile.named("-o", file);
    try (var progress = new Progress(terminal, "", -1);
        var writer = ResultWriter.open(output, terminal, progress)) {
      puts.accept(new LinesInOrder(writer, ordered));
      writer.finish();
      output.commit();
    } finally {
      output.close();
    }
    return Files.readString(file);
  }

  @Test
  void linesAreWrittenInTheOrderOfTheirNumbers() throws Exception {
    assertThat(
            written(
                true,
                lines -> {
                  lines.put(2, "b");
                  lines.put(4, "d");
                  lines.put(1, "a");
                  lines.put(3, null); // nothing is written of it, and nothing waits for it
                  lines.put(6, "f");
                }))
        .isEqualTo("a\nb\nd\n");
    assertThat(
            written(
                true,
                lines -> {
                  lines.put(3, "c");
                  lines.put(2, "b");
                  lines.finish(); // the first has none: the run was stopped
                }))
        .isEqualTo("b\nc\n");
    assertThat(
            written(
                false,
                lines -> {
                  lines.put(2, "b");
                  lines.put(1, "a");
                }))
        .isEqualTo("b\na\n");
  }

  /** As of the thread that reads the inputs, behind an item that takes long. */
  private static Thread waiting(LinesInOrder lines) {
    for (int number = 2; number < LinesInOrder.MAX_EARLY + 2; number++) {
      lines.put(number, null);
    }
    Thread reader = Thread.ofPlatform().daemon().start(lines::awaitRoom);
    while (reader.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    return reader;
  }

  private static void awaitEnd(Thread reader) {
    try {
      reader.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @Timeout(240)
  void noMoreIsReadWhileManyRefusedInputsWaitForTheirTurn() throws Exception {
    assertThat(
            written(
                true,
                lines -> {
                  Thread reader = waiting(lines);
                  lines.put(1, "a"); // the item has ended
                  awaitEnd(reader);
                }))
        .isEqualTo("a\n");
    assertThat(
            written(
                true,
                lines -> {
                  Thread reader = waiting(lines);
                  lines.finish(); // the run has
                  awaitEnd(reader);
                  lines.awaitRoom();
                }))
        .isEmpty();
    assertThat(
            written(
                true,
                lines -> {
                  Thread reader = waiting(lines);
                  reader.interrupt(); // the run is being stopped
                  awaitEnd(reader);
                }))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "out/{stem.txt | a { in out/{stem.txt is not closed by a }",
        "out/{}{n | is not closed",
        "out/stem}.txt | a } in out/stem}.txt has no { before it",
        "out/{Stem}.txt | {Stem} in out/{Stem}.txt stands for nothing; is it {stem}?",
        "out/{ n }.txt | is it {n}?",
        "out/{item} | stands for nothing",
      })
  void halfAPlaceholderIsRefused(String pattern, String message) {
    assertThatThrownBy(() -> NamePattern.isMeant(pattern))
        .isInstanceOf(Fault.class)
        .hasMessageContaining(message)
        .hasMessageContaining("{n} its number");
  }

  @ParameterizedTest
  @ValueSource(strings = {"...", "x/...", "..x", "a/..txt"})
  void aStemOfDotsLeavesNoFolder(String item) {
    assertThatThrownBy(() -> new NamePattern("out/{stem}/t.txt").expand(item, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no file name for {stem}");
    assertThat(new NamePattern("out/{stem}.txt").expand("x/...a.b", 1)).isEqualTo("out/...a.txt");
    assertThat(new NamePattern("out/{stem}.txt").expand(".env", 1)).isEqualTo("out/.env.txt");
  }

  @Test
  void aPatternIsForFilesOfItemsOnly() {
    assertThat(NamePattern.isMeant("out/{stem}-{n}.txt")).isTrue();
    assertThat(NamePattern.isMeant("out.txt")).isFalse();
    assertThatThrownBy(() -> NamePattern.mustNotBeMeant("--report", Path.of("{stem}.html")))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("--report {stem}.html is one file for all items");
    NamePattern.mustNotBeMeant("--report", Path.of("{x}.html"));
  }
}
