package io.github.fornada.advice.sense;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Alone;
import io.github.fornada.advice.decide.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is measured of a machine, and how it is kept. */
@Alone
final class CalibrationTest {
  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.toList();
    }
  }

  @Test
  void theFiguresAreMeasuredAndKeptForTheNextProgram(@TempDir Path folder) throws Exception {
    Path below = folder.resolve("cache").resolve("fornada");
    var first = new Calibration(below);
    Machine guessed = first.known();
    assertThat(guessed.workerStartNanos()).isPositive();
    Machine measured = first.measuredHere();
    assertThat(measured.processors()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(measured.usableCores()).isBetween(0.01, (double) measured.processors());
    assertThat(measured.workerStartNanos()).isBetween(1e7, 60e9).isNotEqualTo(150e6);
    assertThat(measured.workerStartCpuNanos()).isBetween(1e6, 60e9);
    assertThat(measured.workerBytes()).isBetween(10L << 20, 4L << 30);
    assertThat(measured.processHandOverNanos()).isBetween(500.0, 1e9);
    assertThat(measured.handOverNanos()).isBetween(1.0, 1e6);
    assertThat(measured.nanosPerByte()).isBetween(0.005, 1_000.0);
    assertThat(measured.memoryScaling()).isBetween(1.0, 2.0);
    assertThat(files(below)).hasSize(1);

    assertThat(new Calibration(below).known()).isEqualTo(first.known());
    var withoutFolder = new Calibration(null);
    assertThat(withoutFolder.known()).isEqualTo(guessed);
    assertThat(withoutFolder.isQuietlyMeasured()).isFalse();
  }

  @Test
  void whatWasMeasuredBesideOtherProgramsIsUsedButMeasuredAgain(@TempDir Path folder)
      throws Exception {
    var figures = new Calibration.Figures(1, 2, 3, 4, 5, 6, 1.5, true);
    assertThat(Calibration.parse(Calibration.text(figures))).isEqualTo(figures);
    var quiet = new Calibration.Figures(1, 2, 3, 4, 5, 6, 1.5, false);
    assertThat(Calibration.parse(Calibration.text(quiet))).isEqualTo(quiet);
    var calibration = new Calibration(folder);
    var _ = calibration.measuredHere();
    Path file = files(folder).getFirst();
    Files.writeString(file, Calibration.text(quiet));
    var later = new Calibration(folder);
    assertThat(later.isQuietlyMeasured()).isTrue();
    assertThat(later.measuredHere().workerStartNanos()).isEqualTo(2);
    Files.writeString(file, Calibration.text(figures));
    var again = new Calibration(folder);
    assertThat(again.known().workerStartNanos()).isEqualTo(2);
    assertThat(again.measuredHere().workerStartNanos()).isGreaterThan(2);
  }

  @Test
  void aFileThatIsNoneIsMeasuredAnew() {
    String right = Calibration.text(new Calibration.Figures(1, 2, 3, 4, 5, 6, 1.5, false));
    assertThat(Calibration.parse("")).isNull();
    assertThat(Calibration.parse(right.replace("workerStartNanos=2", "workerStartNanos=x")))
        .isNull();
    assertThat(Calibration.parse(right.replace("machine=", "machine=another "))).isNull();
    assertThat(Calibration.parse(right.replace("nanosPerByte=6.0", "nanosPerByte=-1"))).isNull();
    assertThat(Calibration.parse(right.substring(0, right.indexOf("memoryScaling")))).isNull();
  }
}
