package io.github.fornada.async;

import static io.github.fornada.async.Threads.start;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import io.github.fornada.TaskFunction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Exceptions and items whose methods throw or never return: no verb waits for them, and what a verb
 * throws has the task's exception as it is.
 */
@SuppressWarnings({
  "ReferenceEquality", // which exception it is
  "OverrideThrowableToString", // such classes are what is tested
  "ThrowableEqualsHashCode"
})
@SideBySide
final class HostileExceptionTest {
  /** Those that never return, do when the tests are over. */
  private static final CountDownLatch OVER = new CountDownLatch(1);

  @AfterAll
  static void letThemReturn() {
    OVER.countDown();
  }

  private static void hang() {
    boolean over = false;
    while (!over) {
      try {
        over = OVER.await(1, TimeUnit.DAYS);
      } catch (InterruptedException e) {
        // It ignores interrupts.
      }
    }
  }

  /** Not derived from each other: what one class has done says nothing of another. */
  private static final class MessageHangs extends Exception {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      hang();
      return "";
    }
  }

  private static final class MessageThrows extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("getMessage");
    }
  }

  private static final class TextThrows extends Exception {
    private static final long serialVersionUID = 1L;

    @Override
    public String toString() {
      throw new StackOverflowError("toString");
    }
  }

  private static final class CauseHangs extends Exception {
    private static final long serialVersionUID = 1L;

    @Override
    public synchronized Throwable getCause() {
      hang();
      return this;
    }
  }

  private static final class AllThrows extends Exception {
    private static final long serialVersionUID = 1L;

    @Override
    public synchronized Throwable getCause() {
      throw new IllegalStateException("getCause");
    }

    @Override
    public StackTraceElement[] getStackTrace() {
      throw new IllegalStateException("getStackTrace");
    }

    @Override
    public String getMessage() {
      throw new IllegalStateException("getMessage");
    }

    @Override
    public boolean equals(Object other) {
      throw new IllegalStateException("equals");
    }

    @Override
    public int hashCode() {
      throw new IllegalStateException("hashCode");
    }
  }

  private static final class IdentityHangs extends Error {
    private static final long serialVersionUID = 1L;

    @Override
    public boolean equals(Object other) {
      hang();
      return false;
    }

    @Override
    public int hashCode() {
      hang();
      return 0;
    }
  }

  private record Way(String name, Throwable planted) {
    @SuppressWarnings("TypeParameterUnusedInFormals")
    <R> R fail() throws Exception {
      if (planted instanceof Exception e) {
        throw e;
      }
      throw (Error) planted;
    }
  }

  private static List<Way> ways() {
    return List.of(
        new Way("getMessage hangs", new MessageHangs()),
        new Way("getMessage throws", new MessageThrows()),
        new Way("toString throws", new TextThrows()),
        new Way("getCause hangs", new CauseHangs()),
        new Way("all throw", new AllThrows()),
        new Way("equals and hashCode hang", new IdentityHangs()));
  }

  private interface Verb {
    Object with(Way way) throws Exception;
  }

  private record Named(String name, Verb verb) {}

  private static List<Named> verbs() {
    var verbs = new ArrayList<Named>();
    verbs.add(
        new Named("gather two", way -> Async.<Integer, Integer>gather(() -> 1, () -> way.fail())));
    verbs.add(
        new Named(
            "gather tasks",
            way -> Async.gather(List.<Callable<Integer>>of(() -> 1, () -> way.fail()))));
    verbs.add(new Named("gather items", way -> Async.gather(List.of(1), fails(way))));
    verbs.add(new Named("race", way -> Async.<Integer>race(() -> way.fail())));
    verbs.add(new Named("firstSuccess", way -> Async.<Integer>firstSuccess(() -> way.fail())));
    verbs.add(
        new Named("hedge", way -> Async.<Integer>hedge(Duration.ofDays(1), () -> way.fail())));
    verbs.add(
        new Named(
            "every", way -> Async.<Integer>every(Duration.ofDays(1), () -> {}, () -> way.fail())));
    verbs.add(
        new Named(
            "withTimeout",
            way -> Async.<Integer>withTimeout(Duration.ofDays(1), () -> way.fail())));
    verbs.add(
        new Named(
            "retry",
            way ->
                Async.<Integer>retry(
                    Retry.times(2).withBackOff(Duration.ZERO, 1, Duration.ZERO),
                    () -> way.fail())));
    verbs.add(
        new Named(
            "mapConcurrent",
            way ->
                Stream.of(1)
                    .gather(AsyncStreams.<Integer, Integer>mapConcurrent(2, fails(way)))
                    .toList()));
    verbs.add(
        new Named(
            "get of a subtask",
            way -> {
              try (var scope = TaskScope.open(Joiner.<Integer>awaitAll())) {
                Subtask<Integer> task = scope.fork(() -> way.fail());
                scope.join();
                assertThat(task.exception() == way.planted).isTrue();
                assertThat(task.toString()).contains("failed");
                return task.get();
              }
            }));
    verbs.add(
        new Named(
            "receive of a channel",
            way -> {
              var channel = Channel.<Integer>rendezvous();
              assertThat(channel.closeWithError(way.planted)).isTrue();
              return channel.receive();
            }));
    return verbs;
  }

  private static TaskFunction<Integer, Integer> fails(Way way) {
    return _ -> way.fail();
  }

  @TestFactory
  Stream<DynamicTest> everyVerbThrowsWhatTheTaskThrew() {
    return verbs().stream()
        .flatMap(verb ->
            ways().stream()
                .map(way ->
                    DynamicTest.dynamicTest(
                        verb.name + ", " + way.name, () -> verbThrows(verb.verb, way))));
  }

  private static void verbThrows(Verb verb, Way way) throws Exception {
    Throwable thrown = start(() -> verb.with(way)).failure();
    boolean isPlanted = thrown == way.planted;
    assertThat(isPlanted || thrown.getCause() == way.planted).as("the planted one").isTrue();
    if (!isPlanted) {
      assertThat(thrown.getMessage()).isNotBlank();
    }
  }

  @TestFactory
  Stream<DynamicTest> aTaskThatThrowsOneWhileItIsCancelledEndsAndTheFirstFailureCounts() {
    return ways().stream()
        .map(way -> DynamicTest.dynamicTest(way.name, () -> cancelledThrows(way)));
  }

  private static void cancelledThrows(Way way) throws Exception {
    var first = new IllegalArgumentException("first");
    var begun = new CountDownLatch(1);
    Throwable thrown =
        start(() ->
                Async.<Integer, Integer>gather(
                    () -> {
                      begun.await();
                      throw first;
                    },
                    () -> {
                      begun.countDown();
                      try {
                        new CountDownLatch(1).await();
                      } catch (InterruptedException e) {
                        return way.fail();
                      }
                      return 1;
                    }))
            .failure();
    assertThat(thrown).isInstanceOf(ScopeFailedException.class);
    assertThat(thrown.getCause() == first).isTrue();
    assertThat(Stream.of(thrown.getSuppressed()).anyMatch(e -> e == way.planted)).isTrue();
  }

  /** An item whose text never comes. */
  private static final class Nameless {
    @Override
    public String toString() {
      hang();
      return "";
    }
  }

  @Test
  void anItemWhoseTextHangsIsNamedByItsClass() throws Exception {
    TaskFunction<Nameless, Integer> fails =
        _ -> {
          throw new IllegalArgumentException("planted");
        };
    String name = "item 0 (a " + Nameless.class.getName() + " whose toString hangs)";
    assertThat(start(() -> Async.gather(List.of(new Nameless()), fails)).failure())
        .hasMessage(
            name + " of scope \"gather\" failed: java.lang.IllegalArgumentException: planted");
    assertThat(
            start(() ->
                    Stream.of(new Nameless())
                        .gather(AsyncStreams.<Nameless, Integer>mapConcurrent(1, fails))
                        .toList())
                .failure())
        .hasMessage(name + " failed: java.lang.IllegalArgumentException: planted");
  }

  @Test
  void anInterruptOfTheOwnerDoesNotMakeATextHang() throws Exception {
    record Item(String name) {}
    String text =
        start(
                () -> {
                  Thread.currentThread().interrupt();
                  String said = io.github.fornada.jvm.BoundedText.of(new Item("x"));
                  assertThat(Thread.interrupted()).isTrue();
                  return said;
                })
            .result();
    assertThat(text).isEqualTo("Item[name=x]");
  }
}
