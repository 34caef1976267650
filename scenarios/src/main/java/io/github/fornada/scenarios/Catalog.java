package io.github.fornada.scenarios;

import io.github.fornada.scenarios.chat.ChatScenario;
import io.github.fornada.scenarios.concurrency.ConcurrencyScenario;
import io.github.fornada.scenarios.database.DatabaseScenario;
import io.github.fornada.scenarios.downloads.DownloadsScenario;
import io.github.fornada.scenarios.gil.GilScenario;
import io.github.fornada.scenarios.gui.ResponsiveScenario;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.http.HttpScenario;
import io.github.fornada.scenarios.images.ImagesScenario;
import io.github.fornada.scenarios.largefiles.LargeFilesScenario;
import io.github.fornada.scenarios.math.MathScenario;
import io.github.fornada.scenarios.overheads.OverheadsScenario;
import io.github.fornada.scenarios.races.RacesScenario;
import io.github.fornada.scenarios.scraping.ScrapingScenario;
import io.github.fornada.scenarios.training.TrainingScenario;
import java.util.List;

/** All scenarios, in the order of the table. */
final class Catalog {
  /** The rows. */
  static final List<Scenario> ALL =
      List.of(
          new HttpScenario(),
          new MathScenario(),
          new LargeFilesScenario(),
          new DownloadsScenario(),
          new ResponsiveScenario(),
          new ImagesScenario(),
          new ScrapingScenario(),
          new TrainingScenario(),
          new ChatScenario(),
          new DatabaseScenario(),
          new GilScenario(),
          new RacesScenario(),
          new OverheadsScenario(),
          new ConcurrencyScenario());

  private Catalog() {}
}
