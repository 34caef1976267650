package io.github.fornada.contract;

import static io.github.fornada.contract.PoolUnderTest.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Busy;
import io.github.fornada.Completion;
import io.github.fornada.ContextCarrier;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.RunnableTask;
import io.github.fornada.Task;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.io.Serial;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

/** When {@link ContextCarrier}s are called, and for what. */
interface CarrierContract extends PoolUnderTest {

  @AfterEach
  default void theTestsThreadHasNothingLeft() {
    Tickets.drop();
    MDC.clear();
  }

  private Pool openWith(ContextCarrier<?> carrier) {
    return open(1, policy -> policy.withCarrier(carrier));
  }

  @Test
  default void callsOverManyItemsCarryWhatTheCallerHas() throws Exception {
    try (Pool pool = openWith(new Tickets.Carrier())) {
      List<Integer> items = List.of(1, 2, 3);
      List<String> expected = List.of("a for 1", "a for 2", "a for 3");
      Tickets.hold("a");
      assertThat(pool.map(items, Tickets::currentFor)).isEqualTo(expected);
      assertThat(pool.map(Work.lazily(items), Tickets::currentFor)).isEqualTo(expected);
      assertThat(pool.outcomes(items, Tickets::currentFor).map(Outcome::get)).isEqualTo(expected);
      assertThat(
              pool.<Integer, String>completions(items, Tickets::currentFor)
                  .map(Completion::outcome)
                  .map(Outcome::get))
          .containsExactlyInAnyOrderElementsOf(expected);
      assertThat(items.stream().<String>gather(pool.mapping(Tickets::currentFor)))
          .isEqualTo(expected);
    }
  }

  @Test
  default void everyKindOfSingleTaskCarriesWhatItsSubmitterHas() throws Exception {
    Marks marks = marks();
    Task<String> job = Tickets::current;
    try (Pool pool = openWith(new Tickets.Carrier())) {
      Tickets.hold("b");
      assertThat(get(pool.submit(1, Tickets::currentFor))).isEqualTo("b for 1");
      assertThat(get(pool.submit(job))).isEqualTo("b");
      for (Future<String> future : pool.invokeAll(List.of(job, job))) {
        assertThat(future.get()).isEqualTo("b");
      }
      assertThat(pool.invokeAny(List.of(job))).isEqualTo("b");
      get(pool.submit((RunnableTask) () -> marks.set("submit " + Tickets.current())));
      assertThat(
              get(pool.submit((RunnableTask) () -> marks.set("for " + Tickets.current()), "done")))
          .isEqualTo("done");
      pool.execute((RunnableTask) () -> marks.set("execute " + Tickets.current()));
    }
    assertThat(marks.all()).containsExactly("execute b", "for b", "submit b");
  }

  @Test
  default void itIsCapturedWhenTheCallIsMade() throws Exception {
    try (Pool pool = openWith(new Tickets.Carrier())) {
      Tickets.hold("early");
      Stream<Outcome<String>> stream = pool.outcomes(List.of(1), Tickets::currentFor);
      var gatherer = pool.<Integer, String>mapping(Tickets::currentFor);
      CompletableFuture<String> future = pool.submit(1, Tickets::currentFor);
      Tickets.hold("late");
      assertThat(stream.map(Outcome::get)).containsExactly("early for 1");
      assertThat(Stream.of(1).gather(gatherer)).containsExactly("early for 1");
      assertThat(get(future)).isEqualTo("early for 1");
      assertThat(get(pool.submit(1, Tickets::currentFor))).isEqualTo("late for 1");
    }
  }

  @Test
  default void manySubmittersEachHaveTheirOwn() throws Exception {
    TaskFunction<Integer, String> function = Tickets::currentFor;
    try (Pool pool = open(2, policy -> policy.withCarrier(new Tickets.Carrier()))) {
      var futures = new ArrayList<CompletableFuture<String>>();
      for (int i = 0; i < 300; i++) { // more than a worker keeps functions
        Tickets.hold("ticket " + i % 150);
        futures.add(pool.submit(i, function));
      }
      for (int i = 0; i < 300; i++) {
        assertThat(get(futures.get(i))).isEqualTo("ticket " + i % 150 + " for " + i);
      }
    }
  }

  /** A value of which two are equal although they say different things. */
  record Visit(int id, String page) implements Serializable {
    @Override
    public boolean equals(Object other) {
      return other instanceof Visit visit && visit.id == id;
    }

    @Override
    public int hashCode() {
      return id;
    }
  }

  /** Carries a {@link Visit} of the page that the caller holds a ticket for. */
  final class VisitCarrier implements ContextCarrier<Visit> {
    @Serial private static final long serialVersionUID = 1L;

    @Override
    public Visit capture() {
      return new Visit(1, Tickets.current());
    }

    @Override
    public Scope restore(Visit captured) {
      String before = Tickets.current();
      Tickets.hold(captured.page());
      return () -> Tickets.hold(before);
    }
  }

  @Test
  default void valuesThatOnlyClaimToBeEqualAreEachCarried() throws Exception {
    TaskFunction<Integer, String> function = Tickets::currentFor;
    try (Pool pool = openWith(new VisitCarrier())) {
      for (String page : List.of("one", "two")) {
        Tickets.hold(page);
        assertThat(get(pool.submit(1, function))).isEqualTo(page + " for 1");
      }
    }
  }

  @Test
  default void nothingIsCarriedAsNothing() throws Exception {
    try (Pool pool = openWith(new Tickets.Carrier())) {
      assertThat(pool.map(List.of(1), Tickets::currentFor)).containsExactly("null for 1");
    }
  }

  @Test
  default void itIsUndoneAfterItemsThatThrow() throws Exception {
    try (Pool pool = openWith(new Tickets.Carrier())) {
      Tickets.hold("c");
      CompletableFuture<Integer> thrown = pool.submit(10, Work::noTens);
      CompletableFuture<Object> error =
          pool.submit(
              1,
              item -> {
                throw new StackOverflowError("planted");
              });
      assertThatThrownBy(() -> get(thrown)).hasRootCauseInstanceOf(IOException.class);
      assertThatThrownBy(() -> get(error)).hasRootCauseInstanceOf(StackOverflowError.class);
      assertThat(get(pool.submit(1, Tickets::currentFor))).isEqualTo("c for 1");
    }
  }

  @Test
  default void itIsUndoneAfterItemsThatWereCancelledOrTimedOut() throws Exception {
    Waiting.inEnoughTime(Busy.scaled(Duration.ofSeconds(1)), this::isUndoneAfterALimitOf);
  }

  private void isUndoneAfterALimitOf(Duration limit) throws Exception {
    Marks marks = marksOfRun();
    try (Pool pool =
        open(1, policy -> policy.withCarrier(new Tickets.Carrier()).withTimeout(limit))) {
      Tickets.hold("d");
      assertThat(pool.outcomes(List.of(60_000), Work::sleep))
          .singleElement()
          .isInstanceOf(Outcome.TimedOut.class);
      assertThat(get(pool.submit(1, Tickets::currentFor))).isEqualTo("d for 1");
      CompletableFuture<Integer> cancelled =
          pool.submit(
              1,
              item -> {
                marks.set("begun");
                Thread.sleep(60_000);
                return item;
              });
      Waiting.until("it begins, or never does", () -> marks.has("begun") || cancelled.isDone());
      if (!cancelled.cancel(true)) {
        var _ = get(cancelled); // throws that it was over its limit before
      }
      assertThat(get(pool.submit(2, Tickets::currentFor))).isEqualTo("d for 2");
    }
  }

  @Test
  default void severalAreRestoredInOrderAndUndoneInTheOther() throws Exception {
    Marks marks = marks();
    try (Pool pool =
        open(
            1,
            policy ->
                policy
                    .withCarrier(new Diary("first", marks))
                    .withCarrier(new Diary("second", marks)))) {
      get(pool.submit((RunnableTask) () -> marks.set("2 runs")));
    }
    assertThat(marks.all())
        .containsExactly(
            "0 restored by first",
            "1 restored by second",
            "2 runs",
            "3 undone by second",
            "4 undone by first");
  }

  @Test
  default void aRetriedItemHasTheSameAgain() throws Exception {
    Marks marks = marks();
    try (Pool pool =
        open(
            1,
            policy ->
                policy
                    .withCarrier(new Tickets.Carrier())
                    .withRetries(1)
                    .withBackOff(Duration.ofMillis(1)))) {
      Tickets.hold("e");
      CompletableFuture<String> future =
          pool.submit(
              1,
              item -> {
                marks.set("try with " + Tickets.current());
                if (marks.times("try with " + Tickets.current()) < 2) {
                  throw new IOException("not yet");
                }
                return Tickets.current();
              });
      Tickets.hold("something else");
      assertThat(get(future)).isEqualTo("e");
    }
    assertThat(marks.all()).containsExactly("try with e");
  }

  @Test
  default void aCarrierThatFailsToCaptureFailsTheCall() throws Exception {
    Marks marks = marks();
    RunnableTask chore = () -> marks.set("run");
    try (Pool pool = openWith(new Diary("capture fails", marks))) {
      List<org.assertj.core.api.ThrowableAssert.ThrowingCallable> calls =
          List.of(
              () -> pool.map(List.of(1), Work::increment),
              () -> pool.outcomes(List.of(1), Work::increment),
              () -> pool.completions(List.of(1), Work::increment),
              () -> pool.mapping(Work::increment),
              () -> pool.submit(1, Work::increment),
              () -> pool.submit(chore),
              () -> pool.execute(chore),
              () -> pool.invokeAll(List.of((Task<Integer>) () -> 1)));
      for (var call : calls) {
        assertThatThrownBy(call)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("context carrier " + Diary.class.getName() + " failed to capture")
            .hasMessageContaining("planted in capture")
            .hasCauseInstanceOf(UnsupportedOperationException.class);
      }
    } // nothing is left for which this would wait
    assertThat(marks.all()).isEmpty();
  }

  @Test
  default void aCarrierThatFailsToRestoreFailsTheItemAndOthersAreUndone() throws Exception {
    Marks marks = marks();
    try (Pool pool =
        open(
            1,
            policy ->
                policy
                    .withCarrier(new Diary("first", marks))
                    .withCarrier(new Diary("restore fails", marks)))) {
      assertThat(pool.<Integer, Integer>outcomes(List.of(1), Work::increment).toList())
          .singleElement()
          .isInstanceOfSatisfying(
              Outcome.Failed.class,
              failed ->
                  assertThat(failed.cause())
                      .hasMessageContaining(
                          "context carrier " + Diary.class.getName() + " could not restore")
                      .hasRootCauseMessage("planted in restore"));
    }
    assertThat(marks.all()).containsExactly("0 restored by first", "1 undone by first");
  }

  @Test
  default void aCarrierThatFailsToUndoFailsTheItemAndOthersAreUndone() throws Exception {
    Marks marks = marks();
    try (Pool pool =
        open(
            1,
            policy ->
                policy
                    .withCarrier(new Diary("first", marks))
                    .withCarrier(new Diary("undo fails", marks)))) {
      CompletableFuture<Integer> fine = pool.submit(1, Work::increment);
      assertThatThrownBy(() -> get(fine))
          .cause()
          .hasMessageContaining("context carrier " + Diary.class.getName() + " could not undo")
          .hasRootCauseMessage("planted in close");
      assertThat(marks.all()).last().isEqualTo("3 undone by first");
      // An item's own failure is the one that counts.
      CompletableFuture<Integer> failed = pool.submit(10, Work::noTens);
      assertThatThrownBy(() -> get(failed))
          .rootCause()
          .isInstanceOf(IOException.class)
          .satisfies(
              e -> assertThat(e.getSuppressed()).singleElement().asString().contains("undo"));
    }
  }

  @Test
  default void listenersSeeTheUsersItems() throws Exception {
    var recorder = new ListenerContract.Recorder();
    try (Pool pool =
        open(1, policy -> policy.withListener(recorder).withCarrier(new Tickets.Carrier()))) {
      Tickets.hold("f");
      assertThat(pool.map(List.of(7), Tickets::currentFor)).containsExactly("f for 7");
    }
    List<TaskEvent.OfTask> life = recorder.byTask().get(0L);
    assertThat(life).hasSize(3).allMatch(event -> event.item().equals(7));
  }

  @Test
  default void theLoggingContextOfSlf4jRidesAlong() throws Exception {
    try (Pool pool = openWith(new MdcCarrier())) {
      MDC.put("request", "r-17");
      MDC.put("user", "ana");
      assertThat(pool.map(List.of("request", "user"), MDC::get)).containsExactly("r-17", "ana");
      CompletableFuture<String> own =
          pool.submit(
              "mine",
              key -> {
                MDC.put(key, "of the task only");
                return MDC.get(key);
              });
      assertThat(get(own)).isEqualTo("of the task only");
      MDC.remove("user");
      List<String> keys = List.of("request", "user", "mine");
      assertThat(pool.map(keys, MDC::get)).containsExactly("r-17", null, null);
      MDC.clear();
      assertThat(pool.map(keys, MDC::get)).containsExactly(null, null, null);
    }
  }
}
