package io.github.fornada.spark;

import java.io.InvalidClassException;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.package$;
import org.apache.spark.rdd.RDD;
import scala.collection.immutable.Range$;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/**
 * The Spark jobs whose tasks lend cores to a pool: one at first, and another whenever tasks have
 * ended before the pool, because their executor was lost.
 */
final class CoreLoans {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100); // Guess
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5); // Guess

  /** When no executor has come for so long, none is waited for. */
  private static final long SETTLED_NANOS = 500_000_000; // Guess

  /** A loan that has lasted so long was no failure. */
  private static final long LASTED_NANOS = Duration.ofSeconds(20).toNanos(); // Guess

  /** How long tasks may take to end after the agents have. */
  private static final long END_NANOS = 2_000_000_000L; // Guess

  private static final long LOOK_NANOS = 10_000_000;

  private final SparkContext context;
  private final String group;
  private final AgentTask task;

  /** Each Spark job has a thread, which waits for its end. */
  private final Executor jobs;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // All guarded by lock.
  private int wanted;
  private int running;
  private boolean ended;
  private boolean contextEnded;
  private String problem = "";

  CoreLoans(SparkContext context, String endpoint, int wanted, String heap, boolean isolated) {
    this(
        context,
        new AgentTask(endpoint, package$.MODULE$.SPARK_VERSION(), wanted, heap, isolated),
        endpoint,
        wanted,
        job -> Thread.ofPlatform().daemon().name("fornada-spark-job").start(job));
  }

  CoreLoans(SparkContext context, AgentTask task, String group, int wanted, Executor jobs) {
    this.context = context;
    this.task = task;
    this.group = group;
    this.wanted = wanted;
    this.jobs = jobs;
  }

  /**
   * Returns how many cores the cluster gives. Waits for the first executor, and as long as others
   * follow soon.
   */
  static int cores(SparkContext context, Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    int executors = 0;
    long since = System.nanoTime();
    while (System.nanoTime() - deadline < 0) {
      int now = context.statusTracker().getExecutorInfos().length - (context.isLocal() ? 0 : 1);
      if (now != executors) {
        executors = now;
        since = System.nanoTime();
      }
      if (executors > 0 && (context.isLocal() || System.nanoTime() - since > SETTLED_NANOS)) {
        break;
      }
      checkNotStopped(context);
      Thread.sleep(10);
    }
    checkNotStopped(context);
    return Math.max(1, context.defaultParallelism());
  }

  /** Spark's own exception would have the stack of whoever made the context. */
  private static void checkNotStopped(SparkContext context) {
    if (context.isStopped()) {
      throw new IllegalStateException(
          "the cluster has ended the application, most likely because its executors could not be"
              + " started: look into the log of one, on the web page of the cluster");
    }
  }

  /** The number of workers is {@code count} from now on, if that is more than before. */
  void want(int count) {
    lock.lock();
    try {
      if (count > wanted) {
        wanted = count;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  void start() {
    Thread.ofPlatform().daemon().name("fornada-spark-loans").start(this::keepAll);
  }

  /** Keeps as many tasks running as there are to be. */
  private void keepAll() {
    Duration pause = FIRST_PAUSE;
    while (true) {
      int missing;
      lock.lock();
      try {
        while (!ended && running == wanted) {
          changed.awaitUninterruptibly();
        }
        if (ended || contextEnded) {
          return;
        }
        missing = wanted - running;
        running += missing;
      } finally {
        lock.unlock();
      }
      long began = System.nanoTime();
      int count = missing;
      try {
        jobs.execute(() -> run(count));
      } catch (OutOfMemoryError e) { // no thread can be had now: it is tried again
        taskEnded(count, e.toString());
      }
      awaitMissing();
      boolean lasted = System.nanoTime() - began > LASTED_NANOS;
      pause = lasted ? FIRST_PAUSE : longer(pause);
      pause(pause);
    }
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
  }

  private void awaitMissing() {
    lock.lock();
    try {
      while (!ended && running == wanted) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void pause(Duration time) {
    long deadline = System.nanoTime() + time.toNanos();
    lock.lock();
    try {
      while (!ended && deadline - System.nanoTime() > 0) {
        var _ = changed.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** Counts the tasks of one job that have ended. */
  private static final class Left {
    int tasks;
  }

  private void run(int count) {
    var left = new Left();
    left.tasks = count;
    String why = "";
    try {
      context.setJobGroup(group, "cores lent to a Fornada pool", true);
      RDD<Integer> none =
          JavaSparkContext.fromSparkContext(context)
              .parallelize(Collections.nCopies(count, 0), count)
              .rdd();
      context.<Integer, String>runJob(
          none,
          task,
          Range$.MODULE$.apply(0, count).map(i -> i).toSeq(),
          new AbstractFunction2<Object, String, BoxedUnit>() {
            @Override
            public BoxedUnit apply(Object partition, String said) {
              lock.lock();
              try {
                left.tasks--;
              } finally {
                lock.unlock();
              }
              taskEnded(1, said);
              return BoxedUnit.UNIT;
            }
          },
          ClassTag$.MODULE$.apply(String.class));
    } catch (Throwable e) { // Spark throws what it does not declare
      why = explained(e);
    }
    int rest;
    lock.lock();
    try {
      rest = left.tasks;
      left.tasks = 0;
    } finally {
      lock.unlock();
    }
    if (rest > 0) {
      taskEnded(rest, why);
    }
  }

  private void taskEnded(int count, String said) {
    lock.lock();
    try {
      running -= count;
      if (!said.isEmpty() && !said.equals(AgentTask.AGAIN)) {
        problem = said;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  static String explained(Throwable thrown) {
    String text = String.valueOf(thrown);
    if (text.contains("UnsupportedClassVersionError")) {
      return "its executors run a Java before 25; set spark.executorEnv.JAVA_HOME to a JDK 25"
          + " there. "
          + text;
    }
    if (text.contains(InvalidClassException.class.getName())) {
      return "it has another version of Spark than the program, which has "
          + package$.MODULE$.SPARK_VERSION()
          + ". "
          + text;
    }
    return text;
  }

  /** Returns what the last task or job that failed has said; empty if none has. */
  String problem() {
    lock.lock();
    try {
      return problem;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a moment. */
  void awaitAMoment() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long deadline = System.nanoTime() + LOOK_NANOS;
      while (deadline - System.nanoTime() > 0) {
        var _ = changed.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
    } finally {
      lock.unlock();
    }
  }

  void contextEnded() {
    lock.lock();
    try {
      contextEnded = true;
      ended = true;
      problem = "the Spark context was stopped";
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends all tasks, those included that wait for a core. The others have a moment to end. */
  void end() {
    boolean all;
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
      long deadline = System.nanoTime() + END_NANOS;
      while (running > 0 && deadline - System.nanoTime() > 0) {
        var _ = changed.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
      all = running == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // other code wants this thread to end soon
      all = false;
    } finally {
      lock.unlock();
    }
    if (!all && !context.isStopped()) {
      context.cancelJobGroup(group);
    }
  }
}
