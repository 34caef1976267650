package io.github.fornada.scenarios.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OtherSideTest {
  /** Answers with what it is asked. */
  static final class Echo {
    public static void main(String[] arguments) throws Exception {
      OtherSide.serve("ready", question -> question);
    }
  }

  /** Is never ready. */
  static final class Gone {
    public static void main(String[] arguments) {}
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"2-3 | 3", "0 | 0", "0-1,4,6-7 | 7", "0,12 | 12", "8-127 | 127"})
  void theLastProcessorIsOneThatThisProcessMayUse(String allowed, int last) {
    List<String> status =
        List.of("Name:\tjava 99", "Cpus_allowed:\tc", "Cpus_allowed_list:\t" + allowed, "x:\t1");
    assertThat(OtherSide.lastProcessor(status)).hasValue(last);
    assertThat(OtherSide.lastProcessor(List.of("Name:\tjava"))).isEmpty();
  }

  @Test
  void aServerAnswersAndOneThatEndsAtOnceIsTold() throws IOException {
    try (OtherSide server = OtherSide.start(Echo.class, "32m", List.of())) {
      assertThat(server.ready()).isEqualTo("ready");
      assertThat(server.ask("a")).isEqualTo("a");
    }
    assertThatThrownBy(() -> OtherSide.start(Gone.class, "32m", List.of()))
        .isInstanceOf(IOException.class)
        .hasMessage("Gone ended before it was ready");
  }
}
