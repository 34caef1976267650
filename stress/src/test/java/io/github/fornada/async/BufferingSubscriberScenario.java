package io.github.fornada.async;

import io.github.fornada.stress.Explorer;
import java.util.List;
import java.util.concurrent.Flow;

/** A consumer cancels while its publisher subscribes it: the subscription does not stay. */
public final class BufferingSubscriberScenario implements Explorer.Scenario {
  private final BufferingSubscriber<String> subscriber = new BufferingSubscriber<>(1);
  private boolean cancelled;

  private final Flow.Subscription subscription =
      new Flow.Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {
          cancelled = true;
        }
      };

  @Override
  public List<Runnable> threads() {
    return List.of(subscriber::cancel, () -> subscriber.onSubscribe(subscription));
  }

  @Override
  public void check() {
    if (!cancelled) {
      throw new AssertionError("the subscription stays");
    }
  }
}
