package io.github.fornada.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Only what really hangs is taken for that, and is not asked again. */
class BoundedTextTest {
  private record Door(String text) {
    @Override
    public String toString() {
      return text;
    }
  }

  @Test
  void aTextThatEndsAsTheMessageOfAHangIsATextLikeOthers() {
    assertThat(BoundedText.of(new Door("the door hangs"))).isEqualTo("the door hangs");
    assertThat(BoundedText.of(new Door("the door stands"))).isEqualTo("the door stands");
  }

  @Test
  void anInterruptOfWhoAsksIsKeptAndIsNoFaultOfTheText() {
    Thread.currentThread().interrupt();
    String _ = BoundedText.of(new Door("one"));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(BoundedText.of(new Door("another"))).isEqualTo("another");
  }
}
