package io.github.fornada.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** A class whose texts hang is left alone for some seconds, in which other classes are tested. */
@SideBySide
class HangingTextTest {
  private static final class Once {
    private final CountDownLatch over;

    Once(CountDownLatch over) {
      this.over = over;
    }

    @Override
    public String toString() {
      return BoundedTextTest.hang(over);
    }
  }

  @Test
  void aClassWhoseTextHangsIsAskedAgainAfterSomeSeconds() {
    var over = new CountDownLatch(1);
    var once = new Once(over);
    assertThat(BoundedText.of(once)).endsWith("whose toString hangs");
    over.countDown();
    assertThat(BoundedText.of(once)).as("marked").endsWith("whose toString hangs");
    Waiting.until("it is asked again", () -> BoundedText.of(once).equals("after all"));
  }
}
