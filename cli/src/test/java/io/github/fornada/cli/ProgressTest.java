package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is drawn takes no more room than there is, and nothing that a task has printed. */
class ProgressTest {
  @ParameterizedTest
  @CsvSource({
    "abc,3,abc",
    "abcd,3,abc",
    "漢字a,4,漢字",
    "漢字a,3,漢",
    "漢字,1,''",
    "日本語,6,日本語",
    "e😀,2,e",
    "░░░,2,░░"
  })
  void aLineIsCutWhereTheTerminalEnds(String line, int columns, String cut) {
    assertThat(Progress.cut(line, columns)).isEqualTo(cut);
  }

  @Test
  void aMessageAndTheEndStandBehindALineThatATaskHasBegun() {
    var screen = new ByteArrayOutputStream();
    var terminal =
        new Terminal(new MessageStream(screen, StandardCharsets.UTF_8), true, true, 80, false);
    assumeThat(terminal.hasBar()).as("TERM names a terminal that can draw").isTrue();
    try (var progress = new Progress(terminal, "", 3)) {
      progress.printed(false, () -> terminal.err().print("begun"));
      progress.message("fornada: told");
      progress.printed(true, () -> terminal.err().print("whole\n"));
      progress.message("fornada: told again");
      progress.printed(false, () -> terminal.err().print("last"));
    }
    assertThat(screen.toString(StandardCharsets.UTF_8))
        .isEqualTo("begun\nfornada: told\nwhole\nfornada: told again\nlast\n");
  }
}
