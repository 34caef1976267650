package io.github.fornada.scenarios.scraping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.scenarios.harness.OtherSide;
import io.github.fornada.scenarios.harness.Planted;
import io.github.fornada.scenarios.harness.WrongResultException;
import io.github.fornada.scenarios.scraping.ScrapingScenario.Visit;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ScrapingScenarioTest {
  private static OtherSide server(int products) throws Exception {
    return OtherSide.start(ShopServer.class, "64m", List.of(String.valueOf(products)));
  }

  @Test
  void everyPageIsFoundOnceUnderEveryModelAndByThePipeline() throws Exception {
    try (OtherSide server = server(15)) {
      Planted.run(new Visit(server, 15));
    }
  }

  @Test
  void aPageMissedOrAWrongLinkIsFound() throws Exception {
    try (OtherSide server = server(12)) {
      var trial = new Visit(server, 12);
      NavigableMap<String, Shop.Page> right = trial.sequential();
      assertThat(right).hasSize(12 + 2 + 1);
      var missing = new TreeMap<>(right);
      missing.pollLastEntry();
      Planted.isFound(trial, right, missing);
      var wrong = new TreeMap<>(right);
      Shop.Page first = right.firstEntry().getValue();
      wrong.put(
          right.firstKey(),
          new Shop.Page(first.title(), first.links().subList(1, first.links().size())));
      Planted.isFound(trial, right, wrong);
    }
  }

  @Test
  void impolitenessIsFoundInTheServersLog() throws Exception {
    Visit.verify("9 9 0 8", 9);
    assertThatThrownBy(() -> Visit.verify("10 9 0 8", 9)).isInstanceOf(WrongResultException.class);
    assertThatThrownBy(() -> Visit.verify("9 9 1 8", 9)).hasMessageContaining("robots.txt");
    assertThatThrownBy(() -> Visit.verify("9 9 0 9", 9)).hasMessageContaining("at once");
  }

  @Test
  void everySpellingOfAnAddressIsTheSamePage() {
    for (String spelling :
        List.of(
            "http://host:1/a", "HTTP://host:1/a", "http://HOST:1/a#top", "http://host:1/b/../a")) {
      assertThat(Crawl.normalized(spelling)).contains("http://host:1/a");
    }
    assertThat(Crawl.normalized("http://host:1")).contains("http://host:1/");
    assertThat(Crawl.normalized("mailto:a@b")).isEmpty();
    assertThat(Crawl.normalized("http://[")).isEmpty();
  }
}
