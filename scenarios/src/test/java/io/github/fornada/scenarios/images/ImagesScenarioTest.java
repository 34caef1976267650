package io.github.fornada.scenarios.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.Planted;
import io.github.fornada.scenarios.harness.WrongResultException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesScenarioTest {
  @TempDir Path folder;

  @Test
  void picturesAreTheSameByteForByteUnderEveryModel() throws Exception {
    Planted.run(new ImagesScenario.Clean(Pictures.write(folder, 3, 400)));
  }

  @Test
  void onePointOfAnotherColourIsFound() throws Exception {
    var trial = new ImagesScenario.Clean(Pictures.write(folder, 2, 400));
    List<Shrink.Small> right = trial.sequential();
    assertThat(right).allMatch(small -> small.width() == 320 && small.height() == 240);
    var wrong = new ArrayList<>(right);
    Shrink.Small first = right.getFirst();
    wrong.set(
        0,
        new Shrink.Small(
            first.width(), first.height(), first.pixels() ^ 1, first.jpeg(), first.png()));
    Planted.isFound(trial, right, wrong);
  }

  @Test
  void ofAHostileSetOnlyTheHostileFilesAreLost() throws Exception {
    List<String> clean = Pictures.write(folder, 3, 400);
    Finding finding =
        ImagesScenario.hostile(clean, Pictures.writeHostile(folder, clean.getFirst()));
    assertThat(finding.lines()).hasSize(4);
    assertThat(finding.lines().toString()).contains("worker lost: exited with code 3");
    assertThat(finding.lines()).allMatch(line -> line.length() <= 76);
  }

  @Test
  void aFileThatWasTakenForHostileAndIsDoneIsFound() throws Exception {
    List<String> files = Pictures.write(folder, 3, 400);
    assertThatThrownBy(() -> ImagesScenario.hostile(files.subList(0, 2), files.subList(2, 3)))
        .isInstanceOf(WrongResultException.class)
        .hasMessageContaining("photo-002.png, which is hostile, is Done");
  }
}
