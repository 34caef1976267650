package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.ContextCarrier;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskFunction;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** How carriers are sent to other processes. That they work there is tested by the contract. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class CarrierTest {
  @TempDir Path temp;

  /** As OpenTelemetry's propagators write and read it: headers of W3C's Trace Context. */
  private static final ThreadLocal<Map<String, String>> TRACE = ThreadLocal.withInitial(Map::of);

  @AfterEach
  void noTrace() {
    TRACE.remove();
  }

  static final class TraceCarrier implements ContextCarrier<Map<String, String>> {
    @Override
    public Map<String, String> capture() {
      return TRACE.get();
    }

    @Override
    public Scope restore(Map<String, String> headers) {
      Map<String, String> before = TRACE.get();
      TRACE.set(headers);
      return () -> TRACE.set(before);
    }
  }

  private static String traceparent() {
    return TRACE.get().get("traceparent");
  }

  private static Pool open(ContextCarrier<?> carrier) {
    return Pools.open(1, o -> o.withCarrier(carrier));
  }

  @Test
  void aTraceparentArrivesInTheWorkerAndInTheOneThatReplacesIt() throws Exception {
    String parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    Path tried = temp.resolve("tried");
    String mark = tried.toString();
    try (Pool pool =
        Pools.open(
            1,
            o ->
                o.withPolicy(
                    o.policy()
                        .withCarrier(new TraceCarrier())
                        .withRetries(1)
                        .withBackOff(Duration.ofMillis(1))))) {
      TRACE.set(Map.of("traceparent", parent));
      Future<String> future =
          pool.submit(
              1,
              item -> {
                Path file = Path.of(mark);
                if (Files.notExists(file)) {
                  Files.writeString(file, traceparent());
                  Runtime.getRuntime().halt(3);
                }
                return traceparent();
              });
      assertThat(future.get()).isEqualTo(parent);
    }
    assertThat(tried).content().isEqualTo(parent);
  }

  // ---- what cannot be sent

  /** Carries any object. */
  record Anything(Object value) implements ContextCarrier<Object> {
    /** What the next capture gives: not a part of the carrier. */
    private static volatile Object next = "";

    @Override
    public Object capture() {
      return next;
    }

    @Override
    public Scope restore(Object captured) {
      return () -> {};
    }
  }

  static final class Baggage implements Serializable {
    final Object field = new Object();
  }

  private static void assertNotSent(Pool pool, String... words) {
    Future<Integer> future = pool.submit(1, x -> x + 1);
    assertThatThrownBy(() -> Pools.soon(future))
        .hasMessageContainingAll("cannot be sent to a worker process", "Serializable")
        .hasMessageContainingAll(words);
  }

  @Test
  void whatACarrierCapturedAndCannotBeSentIsNamedWithItsCarrier() throws Exception {
    try (Pool pool = open(new Anything("fine"))) {
      Anything.next = new Baggage();
      assertNotSent(
          pool,
          "what the context carrier "
              + Anything.class.getName()
              + " captured.field"
              + " (java.lang.Object)");
      Anything.next = "fine";
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    }
  }

  @Test
  void aCarrierThatCannotBeSentIsNamed() throws Exception {
    Anything.next = "fine";
    try (Pool pool = open(new Anything(new Object()))) {
      assertNotSent(
          pool,
          "the context carrier " + Anything.class.getName() + ".value (java.lang.Object) is not");
    }
  }

  @Test
  void ofTwoOfOneClassTheRightOneIsNamed() throws Exception {
    Anything.next = "fine";
    try (Pool pool =
        Pools.open(
            1, o -> o.withCarrier(new Anything("fine")).withCarrier(new Anything(new Object())))) {
      assertNotSent(pool, Anything.class.getName() + ", number 2.value (java.lang.Object)");
    }
  }

  @Test
  void whatTheFunctionCapturesIsStillNamedAsTheUsers() throws Exception {
    var baggage = new Baggage();
    try (Pool pool = open(new TraceCarrier())) {
      assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> baggage.field.equals(x))))
          .hasMessageContaining(
              "the function, a lambda in "
                  + CarrierTest.class.getName()
                  + ", captured value 1.field (java.lang.Object)");
    }
  }

  // ---- what travels, and how often

  /** Counts how often it was written. */
  static final class Counted implements TaskFunction<Integer, String> {
    @Serial private static final long serialVersionUID = 1L;
    static final AtomicInteger WRITTEN = new AtomicInteger();

    @Serial
    private void writeObject(ObjectOutputStream out) throws IOException {
      WRITTEN.incrementAndGet();
      out.defaultWriteObject();
    }

    @Override
    public String apply(Integer item) {
      return traceparent() + " " + item;
    }
  }

  @Test
  void aFunctionTravelsOnceForEachValueHoweverOftenItIsSubmitted() throws Exception {
    Counted.WRITTEN.set(0);
    var function = new Counted();
    try (Pool pool = open(new TraceCarrier())) {
      var futures = new ArrayList<Future<String>>();
      for (int i = 0; i < 300; i++) {
        TRACE.set(Map.of("traceparent", i % 2 == 0 ? "even" : "odd")); // equal, not the same
        futures.add(pool.submit(i, function));
      }
      for (int i = 0; i < 300; i++) {
        assertThat(futures.get(i).get()).isEqualTo((i % 2 == 0 ? "even " : "odd ") + i);
      }
    }
    assertThat(Counted.WRITTEN).hasValue(2);
  }

  // ---- classes that only the parent has

  private static final String LATE =
      """
      package late;
      import io.github.fornada.*;
      import java.util.function.Supplier;
      public class Late implements TaskFunction<String, Object>, Supplier<Object> {
        public record Answer(String text) implements java.io.Serializable {}
        public static class Carrier implements ContextCarrier<Value> {
          static final ThreadLocal<String> CURRENT = ThreadLocal.withInitial(() -> "none");
          public Value capture() { return new Value("late value"); }
          public Scope restore(Value captured) {
            CURRENT.set(captured.text());
            return CURRENT::remove;
          }
        }
        public record Value(String text) implements java.io.Serializable {}
        @Override public Object apply(String item) {
          return new Answer(Carrier.CURRENT.get() + " " + item);
        }
        @Override public Object get() { return new Carrier(); }
      }
      """;

  private Path late(String folder) throws IOException {
    return Programs.compile(
        temp.resolve(folder), List.of("-cp", Programs.library().toString()), LATE);
  }

  @SuppressWarnings("unchecked")
  @Test
  void functionsAndCarriersOfALoaderThatOnlyTheParentHas() throws Exception {
    ClassLoader own = getClass().getClassLoader();
    try (var loader = new URLClassLoader(new URL[] {late("one").toUri().toURL()}, own)) {
      Object made = loader.loadClass("late.Late").getDeclaredConstructor().newInstance();
      var carrier = (ContextCarrier<?>) ((Supplier<Object>) made).get();
      var function = (TaskFunction<String, Object>) made;
      try (Pool pool = open(carrier)) {
        Object answer = pool.map(List.of("x"), function).getFirst();
        assertThat(answer).hasToString("Answer[text=late value x]");
        assertThat(answer.getClass().getClassLoader()).isEqualTo(loader);
        // The carrier goes with the functions of others too.
        assertThat(pool.map(List.of(1), x -> x + 1)).containsExactly(2);
      }
      // The result's class is looked for where the function's is, not where the wrapper's is.
      try (Pool pool = open(new TraceCarrier())) {
        Object answer = pool.map(List.of("y"), function).getFirst();
        assertThat(answer).hasToString("Answer[text=none y]");
      }
    }
  }
}
