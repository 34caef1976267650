package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What no {@code advise --record} has written is told to be that. */
class ObservedTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "null      | line 1, is not what advise --record has written: null",
        "[]        | line 1, is not what advise --record has written: it is JSON, but no entry",
        "{\"a\":1} | written: it has \"a\", which no entry has",
        "{\"job\":{\"it | written: it ends too early, as if the file had been cut",
        "{\"job\":?} | written: it is no JSON from its character 8 on",
        "\u00ff   | is not what advise --record has written: it is not text",
      })
  void otherFilesAreRefused(String content, String message, @TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("run.json");
    Files.write(file, content.getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> Observed.read(file))
        .isInstanceOf(Fault.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(message)
        .hasMessageNotContainingAny("Source:", "column:");
  }
}
