package io.github.fornada.scenarios.downloads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.scenarios.downloads.DownloadsScenario.Fetch;
import io.github.fornada.scenarios.downloads.DownloadsScenario.Interruptions;
import io.github.fornada.scenarios.downloads.DownloadsScenario.Store;
import io.github.fornada.scenarios.harness.OtherSide;
import io.github.fornada.scenarios.harness.Planted;
import io.github.fornada.scenarios.harness.WrongResultException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DownloadsScenarioTest {
  private static final int SIZE = 100_000;

  @TempDir Path folder;

  private static OtherSide server(int bytesPerSecond) throws Exception {
    return OtherSide.start(
        FileServer.class, "64m", List.of(String.valueOf(SIZE), String.valueOf(bytesPerSecond)));
  }

  @Test
  void everyFileIsWholeAndSentOnceUnderEveryModel() throws Exception {
    try (OtherSide server = server(10_000_000)) {
      Planted.run(new Fetch(server, new Store(server, folder, SIZE), 3));
    }
  }

  @Test
  void cutOffChangedOrCompleteFilesAreRight() throws Exception {
    try (OtherSide server = server(10_000_000)) {
      var store = new Store(server, folder, SIZE);
      assertThat(Interruptions.cut(server, store, 4)).contains("4 files");
      Interruptions.changed(server, store);
      Interruptions.complete(server, store);
      try (Stream<Path> left = Files.list(folder)) {
        assertThat(left).containsExactly(folder.resolve("file-2"));
      }
    }
  }

  @Test
  void aKilledClientsFileIsResumed() throws Exception {
    try (OtherSide server = server(50_000)) {
      assertThat(Interruptions.killed(server, new Store(server, folder, SIZE)))
          .startsWith("killed at ");
    }
  }

  @Test
  void aWrongHashAndBytesSentTwiceAreFound() throws Exception {
    try (OtherSide server = server(10_000_000)) {
      var trial = new Fetch(server, new Store(server, folder, SIZE), 2);
      trial.before();
      List<String> right = trial.sequential();
      trial.after(right);
      var wrong = new ArrayList<>(right);
      wrong.set(1, right.get(0));
      Planted.isFound(trial, right, wrong);
      trial.sequential();
      assertThatThrownBy(() -> trial.after(right))
          .isInstanceOf(WrongResultException.class)
          .hasMessage("the server sent 400000 bytes for files of 200000");
    }
  }
}
