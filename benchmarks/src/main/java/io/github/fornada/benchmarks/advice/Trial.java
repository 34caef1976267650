package io.github.fornada.benchmarks.advice;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.advice.Advice;
import io.github.fornada.advice.AutoPool;
import io.github.fornada.advice.decide.Journal;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs one workload in one way, once, and prints what came of it as a line of JSON.
 *
 * <p>Arguments: the workload, the way ({@code auto}, {@code remembered}, {@code sequential}, or
 * {@code threads:N}, {@code virtual:N}, {@code processes:N}), the scale, and after how many seconds
 * to give up. Or {@code --list}.
 */
public final class Trial {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Work<?> work;
  private final String way;
  private final Map<String, Object> line = new LinkedHashMap<>();
  private final Predicted predicted;
  private long failed;

  private Trial(Work<?> work, String way) {
    this.work = work;
    this.way = way;
    predicted = new Predicted(work.items().size());
    line.put("row", work.name());
    line.put("way", way);
    line.put("items", work.items().size());
  }

  /** Runs one; see the class. */
  @SuppressWarnings("SystemOut") // a program
  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("--list")) {
      Catalog.names().forEach(System.out::println);
      return;
    }
    double limit = Double.parseDouble(arguments[3]);
    Work<?> work = Catalog.make(arguments[0], Double.parseDouble(arguments[2]));
    OtherSide other = work.otherSide();
    var trial = new Trial(work, arguments[1]);
    trial.giveUpAfter(limit, other);
    try {
      trial.run(work);
      if (other != null) {
        trial.line.putAll(
            MAPPER.readValue(
                "{" + other.figures() + "}", new TypeReference<Map<String, Object>>() {}));
      }
    } finally {
      if (other != null) {
        other.close();
      }
    }
    System.out.println(MAPPER.writeValueAsString(trial.line));
    System.out.flush();
    Runtime.getRuntime().halt(0); // what a pool leaves behind is not measured here
  }

  /** After so many seconds the run counts as one that took so long. */
  private void giveUpAfter(double seconds, @Nullable OtherSide other) {
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          LockSupport.parkNanos((long) (seconds * 1e9));
          System.out.printf(
              "{\"row\": \"%s\", \"way\": \"%s\", \"seconds\": %.3f, \"cut\": true}%n",
              work.name(), way, seconds);
          System.out.flush();
          if (other != null) {
            other.kill();
          }
          endChildren();
          Runtime.getRuntime().halt(0);
        });
  }

  /**
   * Ends the worker processes and waits for them. The processor time of what nobody waited for
   * would count as that of other programs, and the block as disturbed.
   */
  private static void endChildren() {
    List<ProcessHandle> children = ProcessHandle.current().children().toList();
    children.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle child : children) {
      try {
        child.onExit().get(5, TimeUnit.SECONDS);
      } catch (InterruptedException | ExecutionException | TimeoutException e) {
        System.err.println("a child did not end: " + e);
      }
    }
  }

  private <T> void run(Work<T> of) throws Exception {
    long began = System.nanoTime();
    long sum;
    AutoPool auto = null;
    Pool pool = open();
    try (pool) {
      auto = pool instanceof AutoPool chosen ? chosen : null;
      sum = give(of, pool, of.function().in(pool));
      line.put("seconds", (System.nanoTime() - began) / 1e9);
      if (auto != null) {
        tell(auto, began);
      }
    }
    line.put("sum", sum);
    line.put("failed", failed);
  }

  private Pool open() {
    String[] parts = way.split(":");
    int size = parts.length > 1 ? Integer.parseInt(parts[1]) : 1;
    return switch (parts[0]) {
      case "sequential" -> SequentialPool.open();
      case "threads" -> ThreadPool.open(o -> o.withWorkers(size));
      case "virtual" -> VirtualThreadPool.open(o -> o.withWorkers(size));
      case "processes" -> ProcessPool.open(o -> o.withWorkers(size));
      case "auto" ->
          ScopedValue.where(Journal.CURRENT, predicted)
              .call(() -> AutoPool.open(o -> o.withFreshMemory()));
      case "remembered" ->
          ScopedValue.where(Journal.CURRENT, predicted).call(() -> AutoPool.open());
      default -> throw new IllegalArgumentException("unknown way " + way);
    };
  }

  private <T> long give(Work<T> of, Pool pool, TaskFunction<T, ?> function) throws Exception {
    switch (of.how()) {
      case MAP -> {
        return sum(pool.map(of.items(), function));
      }
      case SUBMIT -> {
        List<CompletableFuture<?>> futures = new ArrayList<>();
        for (T item : of.items()) {
          futures.add(pool.submit(item, function));
        }
        long sum = 0;
        for (CompletableFuture<?> future : futures) {
          try {
            sum += value(future.join());
          } catch (CompletionException | CancellationException e) {
            failed++;
          }
        }
        return sum;
      }
      case OUTCOMES -> {
        try (var outcomes = pool.outcomes(of.items(), function)) {
          return outcomes.mapToLong(outcome -> value(outcome.get())).sum();
        }
      }
      case SLOW_SOURCE -> {
        Iterable<T> slow = () -> slow(of.items().iterator());
        try (var outcomes = pool.outcomes(slow, function)) {
          return outcomes.mapToLong(outcome -> value(outcome.get())).sum();
        }
      }
    }
    throw new AssertionError(of.how());
  }

  private static <T> Iterator<T> slow(Iterator<T> items) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return items.hasNext();
      }

      @Override
      public T next() {
        LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        return items.next();
      }
    };
  }

  private static long sum(List<?> results) {
    return results.stream().mapToLong(Trial::value).sum();
  }

  private static long value(@Nullable Object result) {
    return switch (result) {
      case Long number -> number;
      case byte[] bytes -> bytes.length;
      case null, default -> 0;
    };
  }

  private void tell(AutoPool pool, long began) {
    var choice = pool.choice();
    line.put("model", choice.model().label());
    line.put("size", choice.size());
    Advice advice = pool.advice();
    predicted.tell(line, began);
    if (advice == null) {
      return;
    }
    line.put("cause", advice.cause());
    line.put("causes", work.causes());
    line.put("advised", advice.model().label());
    line.put("advised_size", advice.size());
    line.put("sentences", advice.sentences());
    line.put("sure", advice.confidence());
    line.put("changes", advice.changes());
    line.put("for_nothing", advice.workersForNothing());
    if (!work.place().isEmpty()) {
      line.put("place", work.place());
      line.put("place_told", advice.sentences().getFirst().contains(work.place()));
    }
  }
}
