package io.github.fornada.benchmarks.peers.spark;

import static io.github.fornada.benchmarks.peers.Measure.check;
import static io.github.fornada.benchmarks.peers.Measure.emit;
import static io.github.fornada.benchmarks.peers.Measure.rate;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.github.fornada.TaskFunction;
import io.github.fornada.benchmarks.peers.JavaPeer;
import io.github.fornada.benchmarks.peers.Measure;
import io.github.fornada.benchmarks.peers.Rows;
import io.github.fornada.benchmarks.peers.Tasks;
import java.util.List;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.launcher.JavaModuleOptions;
import org.apache.spark.package$;
import org.apache.spark.serializer.KryoRegistrator;

/**
 * Apache Spark: a standalone master and two workers of one core each on loopback, which run before
 * a pool is opened. Opening a pool starts an application with an executor JVM on each worker.
 * Items and results are sent by Kryo, with a serializer for records that is defined here;
 * functions by the JDK's serialization, because Spark supports no other.
 *
 * <p>Arguments: the row and the seconds; or "options", which prints what Spark wants of a JVM's
 * command line.
 */
public final class SparkPeer implements JavaPeer {
  /** As few as the others' pools have: a worker starts as many executors as it has cores. */
  private static final int WORKERS = 2;

  private static final long LIMIT_MILLIS = 60_000;

  private final Cluster cluster;
  private final double seconds;

  /** Whether a pool is open when the first of its executors is there, as a Python's pool is. */
  private final boolean first;

  private SparkPeer(Cluster cluster, double seconds, boolean first) {
    this.cluster = cluster;
    this.seconds = seconds;
    this.first = first;
  }

  public static void main(String[] args) throws Exception {
    if (args[0].equals("options")) {
      System.out.println(JavaModuleOptions.defaultModuleOptions());
      return;
    }
    double seconds = Double.parseDouble(args[1]);
    if (args[0].equals("version")) {
      new Rows(new SparkPeer(null, seconds, true), seconds).measure("version");
      return;
    }
    try (var cluster = Cluster.start(WORKERS)) {
      new SparkPeer(cluster, seconds, args[0].equals("start")).measure(args[0]);
    }
    System.exit(0);
  }

  private void measure(String row) throws Exception {
    switch (row) {
      case "map" -> {
        List<Integer> items = IntStream.range(0, 1_000_000).boxed().toList();
        map("map", items, Tasks::increment);
      }
      case "bytes" -> bytes();
      case "record" -> {
        new Rows(this, seconds).measure("record");
        map("record-map", IntStream.range(0, 200_000).mapToObj(Rows::point).toList(), Tasks::next);
      }
      default -> new Rows(this, seconds).measure(row);
    }
  }

  // ---- what all Java peers have

  private record Opened(JavaSparkContext spark) implements Session {
    @Override
    public <T, R> Future<R> submit(TaskFunction<T, R> function, T item) {
      Future<List<R>> job =
          spark.parallelize(List.of(item), 1).map(new Call<>(function)).collectAsync();
      return new Only<>(job);
    }

    @Override
    public void close() {
      spark.stop();
    }
  }

  @Override
  public Session open() throws Exception {
    var context = new JavaSparkContext(conf());
    // The driver is one of them.
    int wanted = 1 + (first ? 1 : WORKERS);
    Cluster.await(
        () -> context.sc().statusTracker().getExecutorInfos().length >= wanted,
        LIMIT_MILLIS,
        "no " + (wanted - 1) + " executors");
    return new Opened(context);
  }

  private SparkConf conf() {
    return new SparkConf(false)
        .setMaster(cluster.address())
        .setAppName("fornada-peers")
        .set("spark.driver.host", Cluster.HOST)
        .set("spark.driver.bindAddress", Cluster.HOST)
        .set("spark.local.dir", cluster.folder().toString())
        .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
        .set("spark.executor.memory", "1g")
        .set("spark.ui.enabled", "false")
        .set("spark.log.level", "ERROR")
        .set("spark.executor.syncLogLevel.enabled", "true")
        // No task has data that lies nearer to one executor than to the other.
        .set("spark.locality.wait", "0")
        // A lost task is not run again, so that the kill row has something to time.
        .set("spark.task.maxFailures", "1")
        .set("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
        .set("spark.kryo.registrator", Registrator.class.getName());
  }

  @Override
  public String version() {
    return package$.MODULE$.SPARK_VERSION();
  }

  @Override
  public int kills() {
    return 2;
  }

  @Override
  public int batch() {
    return 200;
  }

  // ---- what is Spark's own

  /** One job over all the items, in several partitions for each worker. */
  private <T, R> void map(String row, List<T> items, TaskFunction<T, R> function)
      throws Exception {
    R last = function.apply(items.getLast());
    double best = 0;
    int bestSlices = 0;
    try (var pool = (Opened) open()) {
      for (int slices : new int[] {2, 4, 16}) {
        Measure.Operations once =
            n -> {
              List<R> results =
                  pool.spark().parallelize(items, slices).map(new Call<>(function)).collect();
              check(results.size() == n && results.getLast().equals(last), "the last item");
            };
        double value = rate(seconds, items.size(), once);
        if (value > best) {
          best = value;
          bestSlices = slices;
        }
      }
    }
    emit(row, best, "items/s", items.size() + " items in " + bestSlices + " partitions");
  }

  /** Large values go by broadcast, as its tuning guide says: a new one each time, or the same. */
  private void bytes() throws Exception {
    byte[] data = new byte[Rows.MIB_64];
    try (var pool = (Opened) open()) {
      Measure.Operations fresh =
          n -> {
            for (int i = 0; i < n; i++) {
              Broadcast<byte[]> one = pool.spark().broadcast(data);
              check(length(pool, one) == Rows.MIB_64, "length");
              one.destroy();
            }
          };
      emit("bytes", rate(seconds, 1, fresh) * Rows.MIB_64 / 1e9, "GB/s", "a broadcast each");
      Broadcast<byte[]> shared = pool.spark().broadcast(data);
      Measure.Operations again =
          n -> {
            for (int i = 0; i < n; i++) {
              check(length(pool, shared) == Rows.MIB_64, "length");
            }
          };
      emit("shared", rate(seconds / 2, 1, again) * Rows.MIB_64 / 1e9, "GB/s", "one broadcast");
    }
  }

  private static int length(Opened pool, Broadcast<byte[]> data) throws Exception {
    return pool.submit(one -> data.value().length, 1).get();
  }

  /** A task function as one of Spark's. */
  private record Call<T, R>(TaskFunction<T, R> function)
      implements org.apache.spark.api.java.function.Function<T, R> {
    @Override
    public R call(T item) throws Exception {
      return function.apply(item);
    }
  }

  /** The only result of a job. */
  private record Only<R>(Future<List<R>> job) implements Future<R> {
    @Override
    public R get() throws InterruptedException, java.util.concurrent.ExecutionException {
      return job.get().getFirst();
    }

    @Override
    public R get(long timeout, java.util.concurrent.TimeUnit unit)
        throws InterruptedException,
            java.util.concurrent.ExecutionException,
            java.util.concurrent.TimeoutException {
      return job.get(timeout, unit).getFirst();
    }

    @Override
    public boolean cancel(boolean interrupt) {
      return job.cancel(interrupt);
    }

    @Override
    public boolean isCancelled() {
      return job.isCancelled();
    }

    @Override
    public boolean isDone() {
      return job.isDone();
    }
  }

  /** Kryo 4 does not support records. */
  public static final class Registrator implements KryoRegistrator {
    @Override
    public void registerClasses(Kryo kryo) {
      kryo.register(Tasks.Point.class, new PointSerializer());
    }
  }

  private static final class PointSerializer extends Serializer<Tasks.Point> {
    @Override
    public void write(Kryo kryo, Output out, Tasks.Point point) {
      out.writeInt(point.id());
      out.writeString(point.name());
      out.writeDouble(point.x());
    }

    @Override
    public Tasks.Point read(Kryo kryo, Input in, Class<Tasks.Point> type) {
      return new Tasks.Point(in.readInt(), in.readString(), in.readDouble());
    }
  }
}
