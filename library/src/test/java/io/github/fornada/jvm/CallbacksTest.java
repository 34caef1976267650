package io.github.fornada.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Waiting;
import java.lang.ref.WeakReference;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CallbacksTest {
  @Test
  void aThreadThatWaitsForTheNextCallbackKeepsNothingOfTheLast() throws Exception {
    var thread = new AtomicReference<Thread>();
    WeakReference<Object> held = run(thread);
    Waiting.untilCollected("what the callback held is collected", () -> held.refersTo(null));
    assertThat(thread.get().isAlive()).as("its thread waits for the next").isTrue();
  }

  private static WeakReference<Object> run(AtomicReference<Thread> thread) throws Exception {
    var ran = new CountDownLatch(1);
    var held = new byte[1 << 20];
    Callbacks.run(
        null,
        () -> {
          thread.set(Thread.currentThread());
          assertThat(held).isNotEmpty();
          ran.countDown();
        });
    ran.await();
    return new WeakReference<>(held);
  }
}
