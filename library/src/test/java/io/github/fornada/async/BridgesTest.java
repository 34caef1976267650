package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Waiting;
import io.github.fornada.async.Waits.Running;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class BridgesTest {
  @Test
  void aStageIsWaitedForAndGivesItsResultOrItsFailure() throws Exception {
    var future = new CompletableFuture<String>();
    Running<String> waiting = Waits.start(() -> Bridges.await(future)).untilItWaits();
    assertThat(future.complete("here")).isTrue();
    assertThat(waiting.get()).isEqualTo("here");
    var disk = new java.io.IOException("disk");
    assertThatThrownBy(() -> Bridges.await(CompletableFuture.failedStage(disk)))
        .isInstanceOf(ExecutionException.class)
        .hasCause(disk);
  }

  @Test
  void anInterruptCancelsTheFuture() throws Exception {
    var future = new CompletableFuture<String>();
    Running<String> waiting = Waits.start(() -> Bridges.await(future)).untilItWaits();
    waiting.thread.interrupt();
    assertThatThrownBy(waiting::get).isInstanceOf(InterruptedException.class);
    assertThat(future).isCancelled();
  }

  @Test
  void aResultThatIsThereIsNotLostToAnInterrupt() throws Exception {
    Thread.currentThread().interrupt();
    assertThat(Bridges.await(CompletableFuture.completedFuture("connection")))
        .isEqualTo("connection");
    assertThat(Thread.interrupted()).isTrue();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> Bridges.await(CompletableFuture.failedFuture(new Error("e"))))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("e");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aCallbackIsWaitedForAndItsFirstWordCounts() throws Exception {
    assertThat(
            Bridges.<String>await(callback ->
                Thread.startVirtualThread(() -> {
                  assertThat(callback.done("first")).isTrue();
                  assertThat(callback.failed(new Error("second"))).isFalse();
                })))
        .isEqualTo("first");
    assertThatThrownBy(
            () -> Bridges.await(callback -> callback.failed(new java.io.IOException("no route"))))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("no route");
  }

  @Test
  void anInterruptStopsTheCallOfACallback() throws Exception {
    var stopped = new AtomicBoolean();
    Running<Object> waiting =
        Waits.start(() -> Bridges.<Object>await(c -> c.onCancel(() -> stopped.set(true))))
            .untilItWaits();
    waiting.thread.interrupt();
    assertThatThrownBy(waiting::get).isInstanceOf(InterruptedException.class);
    assertThat(stopped).isTrue();
  }

  // ---- publishers

  @Test
  void aStreamOfAPublisherHasItsElementsAndNeverAsksForMoreThanItsBuffer() {
    var outstanding = new AtomicLong();
    var most = new AtomicLong();
    Flow.Publisher<Integer> source = Bridges.publisher(IntStream.range(0, 1000).boxed().toList());
    Flow.Publisher<Integer> watched =
        subscriber -> source.subscribe(new Watched(subscriber, outstanding, most));
    assertThat(Bridges.stream(watched, 7).toList()).hasSize(1000).isSorted();
    assertThat(most.get()).isBetween(1L, 7L);
  }

  private record Watched(
      Flow.Subscriber<? super Integer> to, AtomicLong outstanding, AtomicLong most)
      implements Flow.Subscriber<Integer> {
    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      to.onSubscribe(
          new Flow.Subscription() {
            @Override
            public void request(long n) {
              most.accumulateAndGet(outstanding.addAndGet(n), Math::max);
              subscription.request(n);
            }

            @Override
            public void cancel() {
              subscription.cancel();
            }
          });
    }

    @Override
    public void onNext(Integer item) {
      outstanding.decrementAndGet();
      to.onNext(item);
    }

    @Override
    public void onError(Throwable thrown) {
      to.onError(thrown);
    }

    @Override
    public void onComplete() {
      to.onComplete();
    }
  }

  @Test
  void elementsBeforeAnErrorComeBeforeIt() {
    Flow.Publisher<Integer> failing =
        Bridges.publisher(() ->
            Stream.of(1, 2, 0)
                .peek(i -> {
                  if (i == 0) {
                    throw new IllegalStateException("zero");
                  }
                })
                .iterator());
    var seen = new java.util.ArrayList<Integer>();
    assertThatThrownBy(() -> Bridges.stream(failing, 8).forEach(seen::add)).hasMessage("zero");
    assertThat(seen).startsWith(1);
  }

  @Test
  void aStreamThatIsLeftEarlyCancelsAndAnInterruptDoes() throws Exception {
    try (var publisher = new SubmissionPublisher<Integer>()) {
      Running<Integer> first =
          Waits.start(() -> Bridges.stream(publisher, 2).findFirst().orElseThrow());
      Waiting.until("subscribed", publisher::hasSubscribers);
      publisher.submit(5);
      assertThat(first.get()).isEqualTo(5);
      Waiting.until("cancelled", () -> !publisher.hasSubscribers());

      Running<Long> all = Waits.start(() -> Bridges.stream(publisher, 2).count());
      Waiting.until("subscribed", publisher::hasSubscribers);
      all.untilItWaits().thread.interrupt();
      assertThatThrownBy(all::get).isInstanceOf(java.util.concurrent.CancellationException.class);
      Waiting.until("cancelled", () -> !publisher.hasSubscribers());
    }
    Eventually.noThreadIsNamed("fornada-publisher");
  }

  @Test
  void aChannelIsPublishedAsItsElementsComeAndItsErrorIsTheEnd() throws Exception {
    Channel<Integer> channel = Channel.bounded(2);
    Running<List<Integer>> stream =
        Waits.start(() -> Bridges.<Integer>stream(Bridges.publisher(channel), 4).toList());
    for (int i = 0; i < 100; i++) {
      channel.send(i);
    }
    channel.close();
    assertThat(stream.get()).hasSize(100).isSorted();

    Channel<Integer> failing = Channel.bounded(2);
    Running<List<Integer>> ends =
        Waits.start(() -> Bridges.<Integer>stream(Bridges.publisher(failing), 4).toList())
            .untilItWaits();
    failing.closeWithError(new IllegalStateException("boom"));
    assertThatThrownBy(ends::get).hasMessage("boom");
    Eventually.noThreadIsNamed("fornada-publisher");
  }

  @Test
  void requestsFromWithinOnNextDoNotRecurse() throws Exception {
    var done = new CompletableFuture<Integer>();
    Bridges.publisher(IntStream.range(0, 100_000).boxed().toList())
        .subscribe(
            new Flow.Subscriber<Integer>() {
              private Flow.Subscription subscription;
              private int count;

              @Override
              public void onSubscribe(Flow.Subscription given) {
                subscription = given;
                given.request(1);
              }

              @Override
              public void onNext(Integer item) {
                count++;
                subscription.request(1);
              }

              @Override
              public void onError(Throwable thrown) {
                done.completeExceptionally(thrown);
              }

              @Override
              public void onComplete() {
                done.complete(count);
              }
            });
    assertThat(Bridges.await(done)).isEqualTo(100_000);
  }
}
