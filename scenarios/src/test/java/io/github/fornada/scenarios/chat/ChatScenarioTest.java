package io.github.fornada.scenarios.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.scenarios.chat.ChatScenario.Evening;
import io.github.fornada.scenarios.chat.ChatScenario.Result;
import io.github.fornada.scenarios.harness.OtherSide;
import io.github.fornada.scenarios.harness.Planted;
import io.github.fornada.scenarios.harness.WrongResultException;
import io.github.fornada.threads.VirtualThreadPool;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ChatScenarioTest {
  private static final Talk SHORT = new Talk(12, 5, 3, 50, 40, 0);

  /** More for each than the system and the server hold together for one that does not read. */
  private static final Talk LONG = new Talk(20, 10, 15, 200, 4_000, 2);

  private static OtherSide crowd() throws Exception {
    return OtherSide.start(Crowd.class, "64m", List.of());
  }

  @Test
  void everyMessageComesOnceUnderEveryModel() throws Exception {
    try (OtherSide crowd = crowd()) {
      Planted.run(new Evening(crowd, SHORT));
    }
  }

  @Test
  void aReaderThatDoesNotReadIsCutWithACodeAndNobodyWaitsForIt() throws Exception {
    try (OtherSide crowd = crowd();
        Pool pool = VirtualThreadPool.open(o -> o.withWorkers(2 * LONG.connections()))) {
      // They begin to read when all others have everything: whoever waited for them would wait on.
      Result onThreads = new Evening(crowd, LONG).under(pool);
      onThreads.delivered().verify(LONG);
      assertThat(onThreads.delivered().cut()).isEqualTo(2);
      Result onEventLoops = new Evening(crowd, LONG).eventLoop();
      onEventLoops.delivered().verify(LONG);
      assertThat(onEventLoops.delivered().cut()).isEqualTo(2);
    }
  }

  @Test
  void messagesThatWereLostOrCameTwiceOrOutOfOrderAreFound() throws Exception {
    Delivered right = delivered(SHORT, 0, 0, 0, 0);
    right.verify(SHORT);
    assertThat(Delivered.of(right.line())).isEqualTo(right);
    found(delivered(SHORT, 1, 0, 0, 0), "1 of 162 messages were lost");
    found(delivered(SHORT, 0, 1, 0, 0), "1 messages came twice");
    found(delivered(SHORT, 0, 0, 1, 0), "1 out of their order");
    found(delivered(SHORT, 0, 0, 0, 1), "1 changed");
  }

  private static Delivered delivered(Talk talk, int lost, int twice, int disordered, int wrong) {
    return new Delivered(
        talk.sent(),
        talk.received() - lost,
        twice,
        disordered,
        wrong,
        talk.checksum(),
        talk.speakers(),
        talk.speakers(),
        0,
        0,
        1,
        2,
        3,
        4);
  }

  private static void found(Delivered wrong, String message) {
    assertThatThrownBy(() -> wrong.verify(SHORT))
        .isInstanceOf(WrongResultException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aTalkThatDoesNotEndIsAProblem() {
    assertThatThrownBy(() -> Delivered.of("problem: after 120 s"))
        .isInstanceOf(WrongResultException.class)
        .hasMessageContaining("after 120 s");
  }

  @Test
  void otherMessagesThanInSequenceAreFound() throws Exception {
    try (OtherSide crowd = crowd()) {
      Result right = new Result(delivered(SHORT, 0, 0, 0, 0), SHORT.sent(), 99);
      Result wrong =
          new Result(delivered(new Talk(12, 5, 4, 50, 40, 0), 0, 0, 0, 0), SHORT.sent(), 99);
      Planted.isFound(new Evening(crowd, SHORT), right, wrong);
    }
  }
}
