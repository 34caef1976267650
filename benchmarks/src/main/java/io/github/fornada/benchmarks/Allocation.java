package io.github.fornada.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.ThreadPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The processor time of tasks that allocate, on two worker JVMs and on two threads of one JVM with
 * its default collector. The time of collectors and compilers counts on both sides. Both pools are
 * warm, and take turns.
 */
public final class Allocation {
  private static final double MAX_COST = 1.1;

  /** About 5 MB of text. */
  private static final int ROWS = 38_000;

  private static final int LIVE_OBJECTS = 2_000_000;
  private static final int PIXELS = 3_000_000;

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final com.sun.management.OperatingSystemMXBean SYSTEM =
      (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private Allocation() {}

  /** What a task needs; made once in each JVM that runs tasks. */
  private static final class Document {
    static final byte[] TEXT = text();

    private static byte[] text() {
      var rows = new ArrayList<Map<String, Object>>();
      for (int i = 0; i < ROWS; i++) {
        rows.add(
            Map.of(
                "id",
                i,
                "name",
                "name " + i,
                "tags",
                List.of("a" + i % 97, "b" + i % 89, "c" + i % 83, "d" + i % 79),
                "value",
                i / 7.0,
                "nested",
                Map.of("x", i, "y", List.of(1, 2, 3))));
      }
      try {
        return JSON.writeValueAsBytes(rows);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class Live {
    static final List<int[]> OBJECTS =
        IntStream.range(0, LIVE_OBJECTS).mapToObj(i -> new int[] {i, i, i}).toList();
  }

  /** Parses a document of about 5 MB into a tree. */
  static int json(int item) {
    try {
      return JSON.readTree(Document.TEXT).size() + item;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Blurs a picture of three million pixels: a few large arrays. */
  static int image(int item) {
    int[] from = new int[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      from[i] = i * 31 + item;
    }
    int[] to = new int[PIXELS];
    for (int i = 2; i < PIXELS - 2; i++) {
      to[i] = (from[i - 2] + from[i - 1] + from[i] + from[i + 1] + from[i + 2]) / 5;
    }
    byte[] bytes = new byte[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      bytes[i] = (byte) to[i];
    }
    return bytes[PIXELS / 2];
  }

  /** Fills small maps beside two million objects that stay. */
  static int live(int item) {
    int sum = Live.OBJECTS.get(item)[0];
    for (int round = 0; round < 10; round++) {
      var map = new HashMap<Integer, String>();
      for (int i = 0; i < 20_000; i++) {
        map.put(i, "entry " + i);
      }
      sum += map.size();
    }
    return sum;
  }

  private record Row(String name, TaskFunction<Integer, Integer> task, int items) {}

  /**
   * Measures, and prints a table.
   *
   * @param args the number of rounds
   */
  public static void main(String[] args) throws InterruptedException {
    int rounds = args.length == 0 ? 3 : Integer.parseInt(args[0]);
    List<Row> rows =
        List.of(
            new Row("JSON of 5 MB into trees", Allocation::json, 40),
            new Row("pictures of 3 megapixels", Allocation::image, 100),
            new Row("small maps, 2 M live objects", Allocation::live, 60));
    System.out.printf(
        "Tasks that allocate, two workers       threads  processes     cost  (of each round)%n");
    for (Row row : rows) {
      measure(row, rounds);
    }
    System.out.printf(
        Locale.ROOT,
        "  processor seconds of a round, collectors and compilers included; target: at most"
            + " %.1fx%n",
        MAX_COST);
  }

  private static void measure(Row row, int rounds) throws InterruptedException {
    List<Integer> items = IntStream.range(0, row.items()).boxed().toList();
    try (Pool threads = ThreadPool.open(o -> o.withWorkers(2));
        Pool processes = ProcessPool.open(o -> o.withWorkers(2))) {
      var _ = processorSeconds(threads, items, row);
      var _ = processorSeconds(processes, items, row);
      var onThreads = new ArrayList<Double>();
      var onProcesses = new ArrayList<Double>();
      var costs = new ArrayList<Double>();
      for (int round = 0; round < rounds; round++) {
        onThreads.add(processorSeconds(threads, items, row));
        onProcesses.add(processorSeconds(processes, items, row));
        costs.add(onProcesses.getLast() / onThreads.getLast());
      }
      double cost = median(costs);
      System.out.printf(
          Locale.ROOT,
          "%-36s %8.2fs %9.2fs %7.2fx  %s %s%n",
          row.name(),
          median(onThreads),
          median(onProcesses),
          cost,
          costs.stream().map(c -> String.format(Locale.ROOT, "%.2f", c)).toList(),
          cost <= MAX_COST ? "PASS" : "MISS");
    }
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  /** Returns the processor time that this JVM and its workers need for all items. */
  private static double processorSeconds(Pool pool, List<Integer> items, Row row)
      throws InterruptedException {
    Map<Long, Double> before = used();
    List<Integer> results = pool.map(items, row.task());
    if (results.size() != items.size()) {
      throw new AssertionError(results.size() + " results for " + items.size() + " items");
    }
    Map<Long, Double> after = used();
    // Only processes that were there all the time: one that makes the workers' cache comes and
    // goes.
    after.keySet().retainAll(before.keySet());
    return after.entrySet().stream()
        .mapToDouble(process -> process.getValue() - before.getOrDefault(process.getKey(), 0.0))
        .sum();
  }

  /** Returns the processor time in seconds of this JVM and of its workers, by process. */
  private static Map<Long, Double> used() {
    var all = new HashMap<Long, Double>();
    ProcessHandle.current()
        .descendants()
        .forEach(child ->
            child
                .info()
                .totalCpuDuration()
                .ifPresent(cpu -> all.put(child.pid(), cpu.toNanos() / 1e9)));
    all.put(ProcessHandle.current().pid(), SYSTEM.getProcessCpuTime() / 1e9);
    return all;
  }
}
