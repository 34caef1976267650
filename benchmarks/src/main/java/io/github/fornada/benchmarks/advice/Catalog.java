package io.github.fornada.benchmarks.advice;

import io.github.fornada.benchmarks.advice.Waiting.Both;
import io.github.fornada.benchmarks.advice.Waiting.Request;
import io.github.fornada.benchmarks.advice.Work.How;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/** All workloads. At scale 1 the best way takes about a second on two cores. */
final class Catalog {
  /** Makes a workload. */
  interface Maker {
    Work<?> make(double scale) throws IOException;
  }

  private static final int MIB = 1 << 20;
  private static final Map<String, Maker> ALL = new LinkedHashMap<>();

  static {
    computing();
    memory();
    few();
    locks();
    shared();
    waiting();
    servers();
    mixed();
    shipping();
    libraries();
  }

  private Catalog() {}

  /** Workloads that need libraries; only there if the class path has them. */
  private static void libraries() {
    try {
      Class.forName("io.github.fornada.benchmarks.advice.Libraries")
          .getDeclaredMethod("addTo", Map.class)
          .invoke(null, ALL);
    } catch (ClassNotFoundException e) {
      // benchmarks/advice/run has told why
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  static List<String> names() {
    return new ArrayList<>(ALL.keySet());
  }

  /** Makes a workload, and starts what runs beside it. */
  static Work<?> make(String name, double scale) throws IOException {
    Maker maker = ALL.get(name);
    if (maker == null) {
      throw new IllegalArgumentException("there is no workload " + name + "; see --list");
    }
    return maker.make(scale);
  }

  static int times(double scale, int count) {
    return (int) Math.max(1, Math.round(scale * count));
  }

  private static IntFunction<Double> always(double value) {
    return i -> value;
  }

  private static void computing() {
    ALL.put(
        "regular",
        s -> Work.of("regular", "computes", times(s, 400), always(5_000), Computing::micros));
    ALL.put(
        "hundredfold",
        s ->
            Work.of(
                "hundredfold",
                "computes",
                times(s, 400),
                i -> 2_500 * Computing.hundredfold(i),
                Computing::micros));
    ALL.put(
        "lognormal",
        s ->
            Work.of(
                "lognormal",
                "computes",
                times(s, 400),
                i -> 5_000 * Computing.logNormal(i),
                Computing::micros));
    ALL.put(
        "bimodal",
        s ->
            Work.of(
                "bimodal",
                "computes",
                times(s, 2_000),
                i -> 1_000 * Computing.bimodal(i),
                Computing::micros));
    ALL.put(
        "short",
        s -> Work.of("short", "computes", times(s, 100_000), always(20), Computing::micros));
    ALL.put(
        "tiny",
        s ->
            Work.of(
                "tiny", "small-items", times(s, 1_500_000), i -> i, i -> Computing.steps(i % 100)));
    ALL.put(
        "allocates",
        s ->
            Work.of(
                "allocates",
                "computes collector memory",
                times(s, 300),
                i -> 60_000,
                Computing::allocates));
    ALL.put(
        "parallel-inside",
        s ->
            Work.of(
                "parallel-inside",
                "parallel-inside",
                times(s, 60),
                always(30_000),
                Computing::parallel));
  }

  private static void memory() {
    ALL.put(
        "memory-sum",
        s -> Work.of("memory-sum", "memory computes", times(s, 80), i -> 1, Computing::sum));
    ALL.put(
        "cache-misses",
        s ->
            Work.of(
                "cache-misses",
                "memory computes",
                times(s, 60),
                i -> 1_000_000,
                Computing::misses));
  }

  private static void few() {
    ALL.put(
        "three-items",
        s ->
            Work.of(
                "three-items", "computes few-items", 3, always(600_000 * s), Computing::micros));
    ALL.put(
        "one-item",
        s -> Work.of("one-item", "few-items", 1, always(1_000_000 * s), Computing::micros));
    ALL.put(
        "few-short",
        s -> Work.of("few-short", "few-items", times(s, 12), always(1_000), Computing::micros));
    ALL.put(
        "patterns",
        s ->
            Work.of(
                "patterns",
                "computes warm-up collector",
                times(s, 6_000),
                i -> i,
                Computing::patterns));
    ALL.put(
        "class-loading",
        s -> Work.of("class-loading", "", times(s, 1_000), i -> i, Computing::loadsClasses));
  }

  private static void locks() {
    ALL.put(
        "class-lock",
        s ->
            Work.of("class-lock", "lock", times(s, 1_000), always(2_000), Sharing::classLock)
                .at("Sharing.classLock"));
    ALL.put(
        "monitor",
        s ->
            Work.of("monitor", "lock", times(s, 500), always(4_000), Sharing::monitorForAPart)
                .at("Sharing.monitorForAPart"));
    ALL.put(
        "reentrant-lock",
        s ->
            Work.of("reentrant-lock", "lock", times(s, 500), always(4_000), Sharing::reentrant)
                .at("Sharing.reentrant"));
    ALL.put(
        "sleeps-in-lock",
        s ->
            Work.of("sleeps-in-lock", "lock", times(s, 400), always(10_000), Sharing::sleepsInLock)
                .at("Sharing.sleepsInLock"));
    ALL.put(
        "read-write-lock",
        s ->
            Work.of(
                "read-write-lock", "computes lock", times(s, 1_000), i -> i, Sharing::readWrite));
    ALL.put(
        "hot-key",
        s ->
            Work.of("hot-key", "lock", times(s, 700), always(3_000), Sharing::hotKey)
                .at("Sharing.hotKey"));
    ALL.put(
        "uuid",
        s ->
            Work.of("uuid", "lock shared-state", times(s, 600), i -> 8_000, Sharing::uuids)
                .at("Sharing.uuids"));
    ALL.put(
        "cannot-be-sent",
        s ->
            Work.of(
                    "cannot-be-sent",
                    "lock",
                    times(s, 400),
                    always(3_000),
                    new Shipping.NotSendable())
                .at("Shipping$NotSendable.apply"));
  }

  private static void shared() {
    ALL.put(
        "math-random",
        s -> Work.of("math-random", "shared-state", times(s, 500), i -> 100_000, Sharing::random));
    ALL.put(
        "atomic",
        s -> Work.of("atomic", "shared-state", times(s, 500), i -> 400_000, Sharing::counts));
    ALL.put(
        "static-format",
        s -> Work.of("static-format", "", times(s, 1_000), i -> 2_000, Sharing::formats));
  }

  private static void waiting() {
    ALL.put(
        "sleeps-short",
        s -> Work.of("sleeps-short", "sleeps", times(s, 20_000), i -> 1, Waiting::sleeps));
    ALL.put(
        "sleeps-long",
        s -> Work.of("sleeps-long", "sleeps", times(s, 3_000), i -> 200, Waiting::sleeps));
    ALL.put(
        "connections",
        s ->
            Work.of(
                "connections",
                "connection-pool",
                times(s, 800),
                i -> 10,
                Waiting::usesAConnection));
    ALL.put(
        "small-files",
        s -> Work.of("small-files", "files computes", times(s, 700), i -> 20, Waiting::files));
    ALL.put(
        "slow-source",
        s ->
            Work.of("slow-source", "slow-source", times(s, 200), always(1_000), Computing::micros)
                .given(How.SLOW_SOURCE));
  }

  private static void servers() {
    server("http-delay", 2_000, How.MAP, "delay", "20");
    server("http-refuses", 1_200, How.SUBMIT, "refuse", "32", "25");
    server("http-queue", 600, How.MAP, "queue", "16", "25");
    server("http-sharing", 800, How.MAP, "sharing", "20", "25");
    server("http-bucket", 400, How.MAP, "bucket", "400", "20");
    server("http-slows", 1_500, How.MAP, "slows", "20", "5", "0.4", "0.9");
  }

  private static void server(String name, int count, How how, String... arguments) {
    ALL.put(
        name,
        s -> {
          var scaled = arguments.clone();
          if (arguments[0].equals("slows")) {
            scaled[3] = Double.toString(s * Double.parseDouble(arguments[3]));
            scaled[4] = Double.toString(s * Double.parseDouble(arguments[4]));
          }
          OtherSide other = OtherSide.start(scaled);
          return Work.of(
                  name,
                  "sockets",
                  times(s, count),
                  i -> new Request(other.port(), i, 0),
                  Waiting::asks)
              .given(how)
              .beside(other);
        });
  }

  private static void mixed() {
    mixed("mixed-10-90", "sleeps", 2_000, 1_000, 9);
    mixed("mixed-50-50", "sleeps computes", 400, 5_000, 5);
    mixed("mixed-90-10", "computes", 200, 9_000, 1);
    ALL.put(
        "http-and-compute",
        s -> {
          OtherSide other = OtherSide.start("delay", "20");
          return Work.of(
                  "http-and-compute",
                  "sockets computes",
                  times(s, 600),
                  i -> new Request(other.port(), i, 2_000),
                  Waiting::asks)
              .beside(other);
        });
    phases("computes-then-waits", true);
    phases("waits-then-computes", false);
  }

  private static void mixed(String name, String causes, int count, double cpu, double wait) {
    ALL.put(
        name, s -> Work.of(name, causes, times(s, count), i -> new Both(cpu, wait), Waiting::both));
  }

  private static void phases(String name, boolean computesFirst) {
    ALL.put(
        name,
        s -> {
          int computing = times(s, 400);
          int waiting = times(s, 1_500);
          int first = computesFirst ? computing : waiting;
          return Work.of(
              name,
              computesFirst ? "sleeps" : "computes",
              computing + waiting,
              i -> i < first == computesFirst ? new Both(2_500, 0) : new Both(0, 10),
              Waiting::both);
        });
  }

  private static void shipping() {
    ALL.put(
        "big-results",
        s ->
            Work.of("big-results", "", times(s, 700), i -> MIB, Shipping::makes)
                .given(How.OUTCOMES)); // some GB in longer jobs
    ALL.put(
        "big-arguments",
        s -> {
          byte[] argument = new byte[2 * MIB];
          return Work.of("big-arguments", "", times(s, 1_500), i -> argument, Shipping::large);
        });
    ALL.put(
        "big-and-locked",
        s -> {
          byte[] argument = new byte[MIB];
          return Work.of(
                  "big-and-locked", "lock", times(s, 600), i -> argument, Shipping::largeAndLocked)
              .at("Shipping.largeAndLocked");
        });
    ALL.put(
        "shared-argument",
        s ->
            Work.made(
                "shared-argument",
                "computes memory",
                times(s, 700),
                i -> i,
                pool ->
                    new Shipping.WithShared(
                        pool.share(MemorySegment.ofArray(new byte[12 * MIB])))));
  }
}
