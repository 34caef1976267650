package io.github.fornada.spark;

import io.github.fornada.Outcome;
import io.github.fornada.process.ProcessOptions;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.process.RemotePool;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.package$;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;

/**
 * A pool whose items run on an Apache Spark cluster, in worker JVMs beside its executors: for more
 * work than one machine can do.
 *
 * <p>Spark starts, places, authenticates and restarts executors; the pool does the rest. It has one
 * long Spark job, whose tasks lend their cores to it. On each executor an agent asks for items,
 * runs them in worker JVMs as a {@link ProcessPool} does, and reports each when it has ended. So an
 * item that exits, hangs or needs too much memory costs one worker JVM and never an executor; a
 * result comes at once; the limits of items, cancelling, retries and the quarantine are those of
 * every pool.
 *
 * <p>With {@link SparkOptions#withoutIsolation} items run in the executors themselves.
 *
 * <p><b>Code.</b> Workers fetch classes from this JVM: nothing but this library, which the pool
 * sends, has to be on the cluster. Executors must run Java 25 (25.0.3 or later, as earlier ones
 * have a fault that corrupts data) and the same version of Spark as this JVM.
 *
 * <p><b>Lost executors.</b> What an executor had and had not reported when it was lost ends as
 * {@link Outcome.WorkerLost}: it may have run. It runs again only if the pool has {@linkplain
 * SparkOptions#withRetries retries}. Nothing runs twice unasked: {@code spark.speculation} is
 * refused, and a task that Spark tries again does nothing.
 *
 * {@snippet :
 * try (var pool = SparkPool.connect("spark://host:7077")) {
 *   List<Path> thumbs = pool.map(photos, Thumbnail::shrink);
 * }
 * }
 */
public final class SparkPool extends RemotePool {
  private final SparkContext context;

  /** Whether the context ends with the pool. */
  private final boolean owned;

  /** Whether it takes all cores that the cluster gives, those included that come later. */
  private final boolean grows;

  private final CoreLoans loans;
  private final RpcEnv rpcEnv;
  private final RpcEndpointRef endpoint;
  private final SharedBroadcasts broadcasts;
  private final Watch watch = new Watch();

  /** Starts threads at once, so nothing may be refused here any more. */
  private SparkPool(
      SparkContext context,
      boolean owned,
      int workers,
      ProcessOptions worker,
      SparkOptions o,
      SparkEnv env,
      String heap) {
    super(workers, worker, o.silenceLimit(), o.startupTimeout());
    this.context = context;
    this.broadcasts = new SharedBroadcasts(context);
    this.owned = owned;
    this.grows = o.workers() == 0;
    String name = "fornada-" + UUID.randomUUID();
    this.rpcEnv = env.rpcEnv();
    this.endpoint = rpcEnv.setupEndpoint(name, new Endpoint(rpcEnv, this::serve));
    this.loans = new CoreLoans(context, name, workers, heap, o.isolated());
    context.addSparkListener(watch);
  }

  /** Tells the pool of executors that come and go. */
  private final class Watch extends SparkListener {
    @Override
    public void onExecutorAdded(SparkListenerExecutorAdded added) {
      if (grows) {
        loans.want(Math.max(1, context.defaultParallelism()));
      }
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
      lost(AgentTask.agentName(removed.executorId()), "was lost (" + removed.reason() + ")");
    }

    @Override
    public void onApplicationEnd(SparkListenerApplicationEnd end) {
      loans.contextEnded();
      for (String agent : agents()) {
        lost(agent, "was lost with the Spark context, which was stopped");
      }
    }
  }

  /**
   * Connects to a cluster, and opens a pool with as many workers as the cluster gives cores.
   *
   * @param master as for {@code spark-submit}: {@code spark://host:7077}, {@code yarn}, {@code
   *     k8s://...}, {@code local[*]}, {@code local-cluster[2,1,1024]}
   */
  public static SparkPool connect(String master) throws InterruptedException {
    return connect(master, o -> o);
  }

  /**
   * Connects to a cluster, and opens a pool with changed options. Waits for the first executor. The
   * application ends with the pool.
   *
   * @throws IllegalArgumentException if an option or a setting of Spark does not fit; the message
   *     names it
   * @throws IllegalStateException if the cluster gives no executor in time, or the executors cannot
   *     run the pool's agents, or the context was stopped; the message says why
   * @throws InterruptedException if the thread was interrupted while it waited
   */
  public static SparkPool connect(String master, UnaryOperator<SparkOptions> change)
      throws InterruptedException {
    SparkOptions options = change.apply(SparkOptions.defaults());
    SparkConf conf = new SparkConf().setMaster(master).setIfMissing("spark.app.name", "fornada");
    options.settings().forEach(conf::set);
    ClusterChecks.settings(conf);
    Masters.check(master);
    if (Masters.isOnLoopback(master)) {
      // Executors on this machine reach it there, whatever the name of the machine stands for.
      conf.setIfMissing("spark.driver.host", LoopbackCluster.HOST);
      conf.setIfMissing("spark.driver.bindAddress", LoopbackCluster.HOST);
    }
    if (Masters.startsItsOwn(master)) {
      // What the scripts of an installed Spark tell the JVMs that they start.
      conf.setIfMissing("spark.executorEnv.SPARK_SCALA_VERSION", LoopbackCluster.SCALA);
    }
    SparkContext made = context(master, conf);
    boolean whole = false;
    try {
      SparkPool pool = open(made, true, options);
      whole = true;
      return pool;
    } finally {
      if (!whole) {
        made.stop();
      }
    }
  }

  private static SparkContext context(String master, SparkConf conf) throws InterruptedException {
    try {
      return new SparkContext(conf);
    } catch (Exception e) { // Scala declares none of what Spark throws
      if (e instanceof InterruptedException interrupted) {
        throw interrupted;
      }
      throw new IllegalStateException(
          "no application could be started on "
              + master
              + ": "
              + e
              + ". If the cluster runs another version of Spark than "
              + package$.MODULE$.SPARK_VERSION()
              + ", give this program the same",
          e);
    }
  }

  /** Opens a pool on a context that exists, which stays open when the pool is closed. */
  public static SparkPool on(SparkContext context) throws InterruptedException {
    return on(context, o -> o);
  }

  /** Opens a pool on a context that exists, with changed options; as {@link #connect}. */
  public static SparkPool on(SparkContext context, UnaryOperator<SparkOptions> change)
      throws InterruptedException {
    SparkOptions options = change.apply(SparkOptions.defaults());
    ClusterChecks.settings(context.conf());
    return open(context, false, options);
  }

  /** Opens a pool on a context that exists, which stays open when the pool is closed. */
  public static SparkPool on(JavaSparkContext context) throws InterruptedException {
    return on(context.sc());
  }

  private static SparkPool open(SparkContext context, boolean owned, SparkOptions options)
      throws InterruptedException {
    ProcessOptions worker = workersOf(options);
    if (!options.isolated()) {
      ClusterChecks.withoutIsolation(worker);
    }
    String heap = options.isolated() ? heapOf(context, worker) : "";
    SparkEnv env = SparkEnv.get();
    if (context.isStopped() || env == null) {
      throw new IllegalStateException(
          "the Spark context was stopped: open the pool on one that is not");
    }
    LibraryJars.add(context);
    int workers =
        options.workers() > 0
            ? options.workers()
            : CoreLoans.cores(context, options.startupTimeout());
    var pool = new SparkPool(context, owned, workers, worker, options, env, heap);
    boolean whole = false;
    try {
      pool.loans.start();
      pool.awaitFirst(options.startupTimeout());
      whole = true;
      return pool;
    } finally {
      if (!whole) {
        pool.giveUp();
      }
    }
  }

  static ProcessOptions workersOf(SparkOptions options) {
    return optionsOf(options::workerOptions);
  }

  /** The pool could not be opened. */
  private void giveUp() {
    var _ = shutdownNow();
  }

  private static String heapOf(SparkContext context, ProcessOptions worker) {
    String chosen = worker.launch().heap();
    return ClusterChecks.heap(context.conf(), context.master(), chosen);
  }

  private void awaitFirst(Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (workersThere() == 0) {
      String problem = loans.problem();
      if (!problem.isEmpty()) {
        throw new IllegalStateException("the cluster cannot run the pool: " + problem);
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "the cluster "
                + context.master()
                + " has given no executor in "
                + limit.toSeconds()
                + " s: look at its web page whether it has workers with free cores and "
                + context.conf().get("spark.executor.memory", "1g")
                + " of free memory");
      }
      loans.awaitAMoment();
    }
  }

  /** Returns the context that the pool runs on. */
  public SparkContext context() {
    return context;
  }

  @Override
  protected String whyNoAgent() {
    return loans.problem();
  }

  @Override
  protected byte[] wayTo(Path file) throws IOException {
    return broadcasts.wayTo(file);
  }

  @Override
  protected void unshared(Path file) {
    broadcasts.forget(file);
  }

  @Override
  protected void end() {
    loans.end();
    rpcEnv.stop(endpoint);
    if (owned) {
      context.stop();
    } else if (!context.isStopped()) {
      context.removeSparkListener(watch);
    }
  }
}
