package io.github.fornada.scenarios.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.scenarios.harness.OtherSide;
import io.github.fornada.scenarios.harness.Planted;
import io.github.fornada.scenarios.harness.WrongResultException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class HttpScenarioTest {
  private static OtherSide server() throws Exception {
    return OtherSide.start(PageServer.class, "64m", List.of("2", "64", "20"));
  }

  @Test
  void everyPageIsServedOnceUnderEveryModel() throws Exception {
    try (OtherSide server = server()) {
      Planted.run(new HttpScenario.Requests(server, 8));
    }
  }

  @Test
  void aPageThatWasFetchedTwiceIsFoundByTheServersCount() throws Exception {
    try (OtherSide server = server()) {
      var trial = new HttpScenario.Requests(server, 2);
      trial.before();
      List<String> result = trial.sequential();
      trial.after(result);
      trial.sequential();
      assertThatThrownBy(() -> trial.after(result))
          .isInstanceOf(WrongResultException.class)
          .hasMessageContaining("the server served 4, 2 different, one of them 2 times");
    }
  }

  @Test
  void requestsThatWereRefusedAreFound() throws Exception {
    HttpScenario.Requests.verify("5 5 1 64 0", 5);
    assertThatThrownBy(() -> HttpScenario.Requests.verify("5 5 1 64 3", 5))
        .isInstanceOf(WrongResultException.class)
        .hasMessageContaining("refused 3");
  }

  @Test
  void aPageThatDiffersIsFound() throws Exception {
    try (OtherSide server = server()) {
      var trial = new HttpScenario.Requests(server, 3);
      List<String> right = trial.sequential();
      var wrong = new ArrayList<>(right);
      wrong.set(0, right.get(1));
      Planted.isFound(trial, right, wrong);
    }
  }

  @Test
  void latenciesAreLogNormalAroundTheirMedian() {
    double[] sorted = new double[1_000];
    for (int i = 0; i < sorted.length; i++) {
      sorted[i] = PageServer.latencyMillis("/page/" + i, 10);
    }
    Arrays.sort(sorted);
    assertThat(sorted[500]).isBetween(9.0, 11.0);
    assertThat(sorted[990]).isBetween(30.0, 55.0); // 10 e^(0.6 2.33) is 40
  }

  @Test
  void theServerEndsWithItsParent() throws Exception {
    OtherSide server = server();
    ProcessHandle process = ProcessHandle.of(server.pid()).orElseThrow();
    server.close();
    assertThat(process.isAlive()).isFalse();
  }
}
