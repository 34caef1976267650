package io.github.fornada.advice;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Cause;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.Prediction;
import io.github.fornada.advice.decide.Setting;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdviceTest {
  private static final Finding FINDING =
      new Finding(
          new Setting(ExecutionModel.VIRTUAL_THREADS, 64),
          new Setting(ExecutionModel.VIRTUAL_THREADS, 1000),
          Cause.SOCKETS,
          List.of(
              "The items wait for sockets: 98 % of the 10 ms that an item takes alone.",
              "Use 1,000 virtual threads: 2.1 s for the 200,000 items left where one after the"
                  + " other would take 33 min (980x)."),
          List.of(
              new Prediction(Setting.SEQUENTIAL, 100.2, 1900, 2000, 2100, 0, null),
              new Prediction(
                  new Setting(ExecutionModel.VIRTUAL_THREADS, 1000),
                  95_000,
                  2,
                  2.1,
                  9000,
                  5_000_000,
                  null),
              new Prediction(
                  new Setting(ExecutionModel.PLATFORM_THREADS, 256),
                  25_600,
                  7,
                  8,
                  80,
                  26_000_000,
                  null),
              new Prediction(
                  new Setting(ExecutionModel.PROCESSES, 2),
                  200,
                  900,
                  1000,
                  1100,
                  120_000_000,
                  "com.acme.Fetcher.client, a java.net.http.HttpClient, is not serializable")),
          0.97,
          "It would change if the other side began to slow down or to refuse.",
          new Finding.Walls(0.0002, 0.0098, 0, 2, Double.POSITIVE_INFINITY),
          List.of(),
          List.of("From one after the other to 2 virtual threads: the first item waits."),
          3,
          1,
          0);

  @Test
  void theTextHasWordsFirstAndFitsInto80Columns() {
    String text = Advice.of(FINDING).text();
    assertThat(text).startsWith("The items wait for sockets");
    assertThat(text.lines()).allMatch(line -> line.length() <= 80);
    assertThat(text).contains("processes  not possible: com.acme.Fetcher.client");
    assertThat(text).contains("How sure: 97 %.");
  }

  @Test
  void theAccessorsGiveWhatWasFound() {
    Advice advice = Advice.of(FINDING);
    assertThat(advice.model()).isEqualTo(ExecutionModel.VIRTUAL_THREADS);
    assertThat(advice.size()).isEqualTo(1000);
    assertThat(advice.cause()).isEqualTo("sockets");
    assertThat(advice.estimates()).hasSize(4);
    assertThat(advice.estimates().getFirst().seconds()).isEqualTo(2000);
    assertThat(advice.refused()).isEqualTo(1);
    assertThat(advice.changes()).hasSize(1);
    assertThat(advice.toString()).endsWith("(980x).");
  }
}
