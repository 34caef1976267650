package io.github.fornada.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** A log whose handlers block holds up nothing. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class LogTest {
  private final Logger logger = Logger.getLogger("io.github.fornada");
  private final List<String> written = new CopyOnWriteArrayList<>();
  private final CountDownLatch end = new CountDownLatch(1);
  private volatile boolean blocked;

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          if (blocked) {
            try {
              end.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
          written.add(entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void install() {
    logger.setUseParentHandlers(false);
    logger.addHandler(handler);
  }

  @AfterEach
  void restore() {
    end.countDown();
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
  }

  private void awaitWritten(String text) {
    Waiting.until(
        "it is written: " + text, () -> written.stream().anyMatch(each -> each.contains(text)));
  }

  @Test
  void messagesAreWrittenInOrder() {
    for (int i = 0; i < 100; i++) {
      Log.get().log(System.Logger.Level.WARNING, "message " + i);
    }
    awaitWritten("message 99");
    assertThat(written)
        .filteredOn(each -> each.startsWith("message ")) // others may be of what ran before
        .hasSize(100)
        .startsWith("message 0", "message 1");
  }

  @Test
  void aBlockedLogDelaysTheTimerOnlyOnce() throws Exception {
    blocked = true;
    var due = new CountDownLatch(1);
    var _ =
        Timer.after(
            Duration.ZERO,
            () -> {
              for (int i = 0; i < Log.MAX_WAITING + 500; i++) {
                Log.get().log(System.Logger.Level.ERROR, "planted " + i);
              }
            });
    var _ = Timer.after(Duration.ofMillis(10), due::countDown);
    // Were it delayed by each message that is kept, it would take longer than that.
    assertThat(due.await(Waiting.DEADLINE.toSeconds(), TimeUnit.SECONDS))
        .as("the timer goes on")
        .isTrue();
    assertThat(written).isEmpty();
    blocked = false;
    end.countDown();
    awaitWritten("messages of this library were dropped here");
    assertThat(written).hasSizeLessThan(Log.MAX_WAITING + 3).contains("planted 0");
  }
}
