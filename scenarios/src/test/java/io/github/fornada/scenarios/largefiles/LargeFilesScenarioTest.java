package io.github.fornada.scenarios.largefiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.scenarios.harness.Planted;
import io.github.fornada.scenarios.harness.WrongResultException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LargeFilesScenarioTest {
  @TempDir Path folder;

  private static String read(Path file, int count) throws Exception {
    var parts = new ArrayList<Map<String, Station>>();
    for (Readers.Chunk chunk : Readers.chunks(file, count)) {
      parts.add(StationTable.read(chunk));
    }
    return Station.text(parts);
  }

  private static String mapped(Path file, int count) throws Exception {
    var parts = new ArrayList<Map<String, Station>>();
    for (Readers.Chunk chunk : Readers.chunks(file, count)) {
      parts.add(Readers.mapped(chunk));
    }
    return Station.text(parts);
  }

  private Path file(String content) throws Exception {
    return Files.writeString(folder.resolve("rows.txt"), content);
  }

  @Test
  void everyReaderAgreesWithDecimalsUnderEveryModel() throws Exception {
    Path file = folder.resolve("measurements.txt");
    Measurements.write(file, 20_000, 500);
    var trial = new LargeFilesScenario.Stations(file, 20_000, 7);
    Planted.run(trial);
  }

  @Test
  void tenThousandStationsInAnyNumberOfChunks() throws Exception {
    Path file = folder.resolve("measurements.txt");
    Measurements.write(file, 60_000, 10_000);
    String exact = Readers.exact(file);
    assertThat(exact.split(", ")).hasSizeGreaterThan(9_900);
    for (int count : List.of(1, 2, 3, 16, 301)) {
      assertThat(read(file, count)).as("%d chunks", count).isEqualTo(exact);
      assertThat(mapped(file, count)).as("%d chunks", count).isEqualTo(exact);
    }
  }

  @Test
  void aHalfIsRoundedUpTowardsThePositive() throws Exception {
    Path file = file("a;-0.1\na;0.0\nb;0.1\nb;0.0\nc;-1.5\nc;-1.6\nd;99.9\nd;-99.9\n");
    String right = "{a=-0.1/0.0/0.0, b=0.0/0.1/0.1, c=-1.6/-1.5/-1.5, d=-99.9/0.0/99.9}";
    assertThat(Readers.exact(file)).isEqualTo(right);
    assertThat(read(file, 1)).isEqualTo(right);
    assertThat(Readers.plain(file)).isEqualTo(right);
  }

  @Test
  void namesOfEveryLengthAndShapeOfNumber() throws Exception {
    var rows = new StringBuilder();
    for (int length = 1; length <= 100; length++) {
      for (String value : List.of("1.2", "-1.2", "12.3", "-12.3", "0.0")) {
        rows.append("n".repeat(length)).append(';').append(value).append('\n');
      }
    }
    rows.append("with spaces, (and) signs-of;9.9\n東京;-9.9\n;").append("5.0");
    String content = rows.toString().replace("\n;5.0", "\nlast;5.0");
    Path file = file(content);
    assertThat(
            content
                .getBytes(StandardCharsets.UTF_8)[
                content.getBytes(StandardCharsets.UTF_8).length - 1])
        .isEqualTo((byte) '0'); // no newline at the end
    String exact = Readers.exact(file);
    for (int count : List.of(1, 5, 40)) {
      assertThat(read(file, count)).isEqualTo(exact);
    }
  }

  @Test
  void oneTenthTooMuchIsFound() throws Exception {
    Path file = file("a;1.0\nb;2.0\n");
    var trial = new LargeFilesScenario.Stations(file, 2, 1);
    trial.after("{a=1.0/1.0/1.0, b=2.0/2.0/2.0}");
    assertThatThrownBy(() -> trial.after("{a=1.0/1.0/1.0, b=2.0/2.1/2.0}"))
        .isInstanceOf(WrongResultException.class)
        .hasMessageContaining("station 1 is b=2.0/2.1/2.0}");
  }
}
