package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.payload.Mappings;
import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.FedCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Runs the items of a {@link RemotePool} on this machine, in worker JVMs. For authors of pools on a
 * cluster: the cluster manager starts a JVM there, and that opens an agent.
 *
 * <p>The agent asks its pool for items over a {@link Channel}, and reports what became of each as
 * soon as it has ended. Functions, items, results and exceptions are bytes here: only the workers
 * read them. Classes that a worker lacks come from the pool's JVM, so nothing but this library has
 * to be here.
 *
 * <p>Items that are known to be tame may run in threads of this JVM instead ({@link #openInside}):
 * an item that ends its JVM then ends this one.
 *
 * <p>If the pool does not answer, or has given the agent up, the agent ends at once, with all of
 * its workers.
 */
public final class RemoteAgent implements AutoCloseable {
  /** A way to the pool. */
  public interface Channel {
    /**
     * Sends a question to the pool's {@link RemotePool#serve} and returns the answer, which may
     * take some seconds. Called by several threads at once. A question must not be sent twice.
     *
     * @throws IOException if the pool cannot be reached: the agent then ends
     */
    byte[] ask(byte[] question) throws IOException, InterruptedException;

    /**
     * Gets shared bytes in the cluster's own way.
     *
     * @param way what {@link RemotePool#wayTo} has returned; not empty
     * @param to a file that does not exist
     * @return whether they are there; if not, the agent asks the pool for every part
     */
    default boolean fetch(byte[] way, Path to) throws InterruptedException {
      return false;
    }
  }

  /** How much work a worker has ahead of it: enough for the way to the pool and back. */
  private static final long AHEAD_NANOS = 100_000_000; // Guess

  private static final int MOST_AHEAD = 1024; // Guess

  /** Where an item takes longer than so many times that, none waits at a worker that is busy. */
  private static final int NONE_AHEAD = 2; // Guess

  /**
   * How long what has ended waits at most to be reported together with others, while workers have
   * enough to do. A report costs both JVMs some 0.3 ms of a processor, which is much beside an item
   * of 10 ms.
   */
  private static final long LONGEST_PAUSE = 50_000_000; // Guess

  /** How many items are reported together, if that does not take too long. */
  private static final int TOGETHER = 5; // Guess

  /** What tasks print waits while this many bytes of reports were not sent. */
  private static final int REPORT_BYTES = 4 << 20; // Guess

  /** How many bytes of classes and resources are kept. */
  private static final long FOUND_BYTES = 64 << 20; // Guess

  private static final int FETCH_BYTES = 4 << 20;

  /** How often it says that it is there while it fetches what may take long. */
  private static final long SIGN_OF_LIFE = 2_000_000_000L; // Guess: the silence limit is longer

  private final Channel channel;
  private final String name;
  private final long id;

  /** What to add to a time of this JVM to get one of the pool's. */
  private final long clockOffset;

  /** Runs the items. */
  private final Pool local;

  /** The same where items run in worker JVMs; null where they run in threads of this JVM. */
  private final @Nullable Engine engine;

  private final Far far = new Far();

  /** The loader of the items that run in this JVM. */
  private final ClassLoader loader;

  /** Whether {@link AgentClasses} must be told of the end. */
  private final boolean loadsHere;

  /** Where fetched files are if there is no engine. Used by the thread that polls. */
  private @Nullable Path folder;

  /** How many workers may be busy. Written by those who set it. */
  private volatile int workers;

  /** The mean time of an item in nanoseconds; 0 if unknown. Written by threads of the engine. */
  private volatile long itemNanos;

  /** The pause between two reports that the pool wants, in nanoseconds. Written by the reporter. */
  private volatile long reportPause;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition reported = lock.newCondition();
  private final Condition sent = lock.newCondition();

  // All guarded by lock.
  private final Map<Integer, Call> calls = new HashMap<>();
  private final Map<Long, Item> items = new HashMap<>();

  /** How many items have ended here. */
  private long ended;

  private long endedAtShed = -1;
  private MessageOutput reports = new MessageOutput();
  private boolean reportsDue;

  /** Whether the reporter waits for more to report. */
  private boolean gathering;

  /** Classes and resources that the pool has, for the next workers. */
  private final Map<Asked, byte[]> found = new ConcurrentHashMap<>();

  private final AtomicLong foundBytes = new AtomicLong();

  private record Asked(boolean isClass, String name, long loader, int which) {}

  /** Files of shared bytes that were fetched here. Used by the thread that polls. */
  private final Map<String, Path> fetched = new HashMap<>();

  /** Whether the thread that polls fetches shared bytes, and so is not heard of. Written by it. */
  private volatile boolean fetching;

  /** When the last report was sent. Used by the reporter. */
  private long lastReport;

  private volatile boolean ending;
  private volatile boolean broken;

  /** Why it ended; null if the pool has told it to, or it has not. */
  private volatile @Nullable String failure;

  private final CountDownLatch hasEnded = new CountDownLatch(1);
  private final AtomicInteger threads = new AtomicInteger(2);

  /** An item of the pool. */
  private static final class Item implements AgentFunction.Item {
    final long number;
    final Call call;
    final byte[] payload;

    // Written once, in this order, under lock.
    boolean isTaken;
    @Nullable Batch<?, ?> batch;
    int place;

    /** Why it is to be stopped; null if it is not. Also read without the lock. */
    volatile @Nullable String cancelled;

    /** Whether it goes back to the pool unbegun. */
    boolean isReturned;

    /** What it has used; known only if the pool is observed. Written before its outcome. */
    volatile @Nullable TaskUsage usage;

    Item(long number, Call call, byte[] payload) {
      this.number = number;
      this.call = call;
      this.payload = payload;
    }

    @Override
    public byte[] payload() {
      return payload;
    }

    @Override
    public @Nullable String cancelled() {
      return cancelled;
    }

    @Override
    public String toString() {
      return "item " + number + " of the pool";
    }
  }

  private RemoteAgent(
      Channel channel,
      String name,
      ProcessOptions base,
      @Nullable Function<? super TaskPolicy, ? extends Pool> threads)
      throws IOException, InterruptedException {
    this.channel = channel;
    this.name = name;
    this.id = ThreadLocalRandom.current().nextLong();
    var hello =
        question(RemoteWire.HELLO)
            .putInt(RemoteWire.VERSION)
            .putString(name)
            .putLong(ProcessHandle.current().pid())
            .putString(Runtime.version().toString());
    long before = System.nanoTime();
    byte[] answer = channel.ask(hello.toByteArray());
    long after = System.nanoTime();
    var in = new MessageInput(answer, 0, answer.length);
    if (in.getByte() != RemoteWire.OK) {
      throw new IOException("the pool takes no agent: " + in.getString());
    }
    this.clockOffset = in.getLong() - (before + after) / 2;
    boolean isSameCopy = in.getLong() == RemoteWire.COPY;
    ProcessOptions options = RemoteSettings.read(in, base);
    if (in.getByte() != 0) {
      options = options.withListener(new Events());
    }
    boolean whole = false;
    try {
      if (threads == null) {
        this.engine = Engine.openFor(far, options, PrivateDirectory.bases());
        this.local = engine;
      } else {
        this.engine = null;
        this.local = threads.apply(options.policy());
      }
      whole = true;
    } finally {
      if (!whole) {
        var _ = channel.ask(question(RemoteWire.BYE).toByteArray());
      }
    }
    ClassLoader own = RemoteAgent.class.getClassLoader();
    this.loadsHere = threads != null && !isSameCopy;
    this.loader = loadsHere ? AgentClasses.open(far) : own;
  }

  /**
   * Opens an agent, which has no worker before {@link #use}.
   *
   * @param name its name in messages, events and timelines: the executor and its machine
   * @param most the maximum number of workers
   * @param base the options of the workers where the pool has none of its own
   * @throws IOException if the pool cannot be reached, or takes no agents; the message says why
   */
  public static RemoteAgent open(
      Channel channel, String name, int most, UnaryOperator<ProcessOptions> base)
      throws IOException, InterruptedException {
    ProcessOptions options =
        base.apply(ProcessOptions.defaults()).withWorkers(most).withMinWorkers(0);
    return started(new RemoteAgent(channel, name, options, null));
  }

  /**
   * Opens an agent whose items run in this JVM, for items that are known to be tame: one that ends
   * its JVM ends this agent, and one that ignores an interrupt goes on. What items print is not
   * sent to the pool. All pools with such agents in this JVM must be in one JVM, because their
   * classes are loaded here once.
   *
   * @param name its name in messages, events and timelines: the executor and its machine
   * @param threads opens the pool that runs the items, of threads of this JVM, with this policy;
   *     the agent closes it
   * @throws IOException if the pool cannot be reached, or takes no agents; the message says why
   */
  public static RemoteAgent openInside(
      Channel channel, String name, Function<? super TaskPolicy, ? extends Pool> threads)
      throws IOException, InterruptedException {
    return started(new RemoteAgent(channel, name, ProcessOptions.defaults(), threads));
  }

  private static RemoteAgent started(RemoteAgent agent) {
    OwnThreads.start("fornada-agent-reports", agent::reportAll);
    OwnThreads.start("fornada-agent", agent::pollAll);
    return agent;
  }

  /** Lets at most {@code count} workers be busy from now on, or all that it has; 0 for none. */
  public void use(int count) {
    workers = Math.min(count, local.workers());
    if (engine != null) {
      engine.use(count);
    } else {
      limitThreads();
    }
    reportSafely(out -> {}); // the pool is told at once, and not when its next answer is due
  }

  /** Only calls can limit a pool of threads. Without one there is nothing to run. */
  private void limitThreads() {
    FedCall any = null;
    lock.lock();
    try {
      for (Call call : calls.values()) {
        any = call.fed;
      }
    } finally {
      lock.unlock();
    }
    int count = workers;
    if (any != null && count > 0) { // if none, none is wanted either
      var _ = any.limitWorkers(count);
    }
  }

  /**
   * Waits until it has ended, because the pool has, or cannot be reached any more.
   *
   * @param limit how long to wait at most
   * @return whether it has ended
   */
  public boolean await(Duration limit) throws InterruptedException {
    return hasEnded.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Returns whether it has ended. */
  public boolean hasEnded() {
    return hasEnded.getCount() == 0;
  }

  /** Returns why it ended; null if it did not, or because the pool has told it to. */
  public @Nullable String failure() {
    return failure;
  }

  /** Ends it and its workers at once; what runs is lost. Waits for the end. */
  @Override
  public void close() {
    end("it was closed", true);
    boolean interrupted = false;
    while (true) {
      try {
        hasEnded.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private MessageOutput question(byte kind) {
    return new MessageOutput().putByte(kind).putLong(id);
  }

  /**
   * How much work a worker has ahead of it, in nanoseconds. With many agents each must pause
   * between two reports, and gets nothing in place of what has ended before it may tell so.
   */
  private long aheadNanos() {
    return AHEAD_NANOS + 2 * reportPause;
  }

  /** How many items it wants to have altogether, begun or not. */
  private int wanted() {
    if (broken || ending) {
      return 0;
    }
    long mean = itemNanos;
    int count = workers;
    long ahead = aheadNanos();
    if (mean == 0 || mean >= NONE_AHEAD * ahead) {
      return count;
    }
    return count * (1 + Math.clamp(ahead / mean, 1, MOST_AHEAD));
  }

  /** Under lock. */
  private MessageOutput putLevels(MessageOutput out) {
    return out.putInt(wanted()).putInt(workers).putInt(Math.max(0, items.size() - workers));
  }

  // ---- what the pool sends; one thread

  private void pollAll() {
    try {
      while (!ending) {
        MessageOutput poll = question(RemoteWire.POLL);
        lock.lock();
        try {
          putLevels(poll);
        } finally {
          lock.unlock();
        }
        byte[] answer = channel.ask(poll.toByteArray());
        var in = new MessageInput(answer, 0, answer.length);
        if (in.getByte() != RemoteWire.OK) {
          end("the pool has given it up", true);
          return;
        }
        while (in.remaining() > 0) {
          take(in);
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      end("the pool cannot be reached: " + e, true);
    } catch (InterruptedException e) {
      end("its thread was interrupted", true);
    } finally {
      local.close(); // what ends until then is reported
      reportSafely(out -> {});
      threadEnded();
    }
  }

  private void take(MessageInput in) throws IOException, InterruptedException {
    byte kind = in.getByte();
    switch (kind) {
      case RemoteWire.FUNCTION -> function(in.getInt(), in.getBytes());
      case RemoteWire.FORGET -> forget(in.getInt());
      case RemoteWire.ITEM -> item(in.getLong(), in.getInt(), in.getBytes());
      case RemoteWire.CANCEL -> cancel(in.getLong(), in.getString());
      case RemoteWire.SHED -> shed(in.getInt());
      case RemoteWire.SHARE -> fetch(in.getString(), in.getLong());
      case RemoteWire.UNSHARE -> unshare(in.getString());
      case RemoteWire.END -> end(null, false);
      default -> throw new IOException("the pool sent a message of type " + kind);
    }
  }

  private void function(int number, byte[] payload) {
    TaskFunction<@Nullable Object, @Nullable Object> nobody =
        item -> {
          throw new AssertionError("a function of another JVM");
        };
    var call = new Call();
    call.fed =
        FedCall.on(
            local,
            engine == null
                ? new AgentFunction(payload, loader)
                : new HandedFunction<>(nobody, payload, null),
            call);
    call.fed.start();
    lock.lock();
    try {
      calls.put(number, call);
    } finally {
      lock.unlock();
    }
    if (engine == null) {
      limitThreads();
    }
  }

  private void forget(int number) {
    Call call;
    lock.lock();
    try {
      call = calls.remove(number);
      if (call != null) {
        call.isForgotten = true;
      }
    } finally {
      lock.unlock();
    }
    if (call != null) {
      call.endIfDone();
    }
  }

  private void item(long number, int function, byte[] payload) throws IOException {
    Call call;
    lock.lock();
    try {
      call = calls.get(function);
      if (call == null) {
        throw new IOException("the pool sent an item without its function");
      }
      var item = new Item(number, call, payload);
      items.put(number, item);
      call.open++;
      if (broken || ending) {
        giveBack(item);
        return;
      }
      call.queue.addLast(item);
    } finally {
      lock.unlock();
    }
    call.fed().offer();
  }

  private void cancel(long number, String reason) {
    Item item;
    Batch<?, ?> batch;
    lock.lock();
    try {
      item = items.get(number);
      if (item == null) {
        return; // it has ended
      }
      if (!item.isTaken) {
        var _ = item.call.queue.remove(item);
        closed(item);
        Item none = item;
        report(out -> {
          out.putByte(RemoteWire.CANCELLED).putLong(number);
          putUsage(none, "", out);
          out.putString(reason);
        });
        return;
      }
      batch = item.batch;
      item.cancelled = reason;
    } finally {
      lock.unlock();
    }
    if (engine == null) {
      var _ = item.call.fed().cancel(item, reason); // if it just begins, it sees that it must not
    } else if (batch != null && !refuse(batch, item.place, reason)) {
      engine.cancel(batch, item.place, reason);
    }
  }

  private static <R> boolean refuse(Batch<?, R> batch, int i, String reason) {
    return batch.refuse(i, new Outcome.Cancelled<>(reason));
  }

  /**
   * Gives back what was not begun, the last first: other agents have nothing to do. First what no
   * worker has taken; then what waits behind an item that takes long. All of it, if nothing has
   * ended since the last time.
   */
  private void shed(int most) {
    int left;
    lock.lock();
    try {
      boolean stuck = ended == endedAtShed;
      endedAtShed = ended;
      left = stuck ? Integer.MAX_VALUE : most;
      if (stuck) {
        itemNanos = NONE_AHEAD * aheadNanos(); // it must not get the same items again
      }
      for (Call call : calls.values()) {
        for (; left > 0 && !call.queue.isEmpty(); left--) {
          giveBack(call.queue.removeLast());
        }
      }
    } finally {
      lock.unlock();
    }
    if (engine == null) {
      withdraw(left);
    } else if (left > 0) {
      engine.shedLoad();
      var rest = new ArrayList<Batch<?, ?>>();
      while (left > 0) {
        Batch<?, ?> batch = engine.take(0, left);
        if (batch == null) {
          break;
        }
        left -= giveBack(batch, left);
        if (batch.hasWaiting()) {
          rest.add(batch);
        }
      }
      rest.forEach(engine::putBack);
    }
  }

  /** Gives back at most so many items that threads have taken and not begun, the last first. */
  private void withdraw(int most) {
    if (most == 0) {
      return;
    }
    List<Item> taken;
    lock.lock();
    try {
      taken =
          items.values().stream()
              .filter(item -> item.isTaken)
              .sorted((one, other) -> Long.compare(other.number, one.number))
              .toList();
    } finally {
      lock.unlock();
    }
    int left = most;
    for (Item item : taken) {
      if (left == 0) {
        return;
      }
      mark(item, true);
      if (item.call.fed().withdraw(item, "it went back to the pool")) {
        left--;
      } else {
        mark(item, false); // a thread has it
      }
    }
  }

  private void mark(Item item, boolean isReturned) {
    lock.lock();
    try {
      item.isReturned = isReturned;
    } finally {
      lock.unlock();
    }
  }

  /** Gives back at most so many of the batch; returns how many. */
  private int giveBack(Batch<?, ?> batch, int most) {
    int left = most;
    for (int i = batch.size() - 1; i >= 0 && left > 0; i--) {
      if (!(batch.item(i) instanceof Item item)) {
        break; // all have ended
      }
      mark(item, true);
      if (refuse(batch, i, "it went back to the pool")) {
        left--;
      } else {
        mark(item, false); // a worker has it
      }
    }
    return most - left;
  }

  /** Under lock. */
  private void giveBack(Item item) {
    closed(item);
    report(out -> out.putByte(RemoteWire.RETURNED).putLong(item.number));
  }

  /** The item is no longer here. Under lock. */
  private void closed(Item item) {
    items.remove(item.number);
    item.call.open--;
  }

  // ---- shared bytes

  /**
   * Copies a file of the pool's machine into the private folder of this agent's workers, which look
   * for it there: its own folder may be one that this machine does not have, or another user's.
   */
  private void fetch(String path, long size) throws IOException, InterruptedException {
    if (Files.exists(Path.of(path))) {
      return; // it is the same machine
    }
    fetching = true;
    try {
      fetchTo(Mappings.placeOf(path, folder()), path, size);
    } finally {
      fetching = false;
    }
  }

  private void fetchTo(Path file, String path, long size) throws IOException, InterruptedException {
    fetched.put(path, file);
    byte[] way = channel.ask(question(RemoteWire.WAY).putString(path).toByteArray());
    if (way.length > 1) {
      if (channel.fetch(Arrays.copyOfRange(way, 1, way.length), file)) {
        return;
      }
      PayloadFiles.deleteQuietly(file); // whatever there is of it
    }
    try (var to = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long at = 0; at < size; ) {
        byte[] answer =
            channel.ask(
                question(RemoteWire.FETCH)
                    .putString(path)
                    .putLong(at)
                    .putInt((int) Math.min(FETCH_BYTES, size - at))
                    .toByteArray());
        if (answer.length < 2) {
          return; // closed meanwhile: who reads it is told
        }
        ByteBuffer part = ByteBuffer.wrap(answer, 1, answer.length - 1);
        at += part.remaining();
        while (part.hasRemaining()) {
          var _ = to.write(part);
        }
      }
    }
  }

  private Path folder() throws IOException {
    if (engine != null) {
      engine.restoreDirectory();
      return engine.directory();
    }
    Path known = folder;
    if (known == null) {
      known = PrivateDirectory.create(PrivateDirectory.bases(), 1);
      folder = known;
      Mappings.lookIn(known);
    }
    return known;
  }

  private void unshare(String path) {
    Path file = fetched.remove(path);
    if (file != null) {
      PayloadFiles.deleteQuietly(file);
    }
    Mappings.forget(path);
  }

  private void deleteFetched() {
    for (Path file : fetched.values()) {
      PayloadFiles.deleteQuietly(file);
    }
    Path own = folder;
    if (own != null) {
      fetched.keySet().forEach(Mappings::forget); // this JVM may go on for long
      Mappings.lookNoMoreIn(own);
      PrivateDirectory.delete(own);
    }
  }

  // ---- what the engine tells

  private final class Call implements FedCall.Feed {
    @Nullable FedCall fed;

    // All guarded by lock.
    final ArrayDeque<Item> queue = new ArrayDeque<>();

    /** Items that have come and not ended. */
    int open;

    boolean isForgotten;

    FedCall fed() {
      if (fed == null) {
        throw new AssertionError("an item before its function");
      }
      return fed;
    }

    void endIfDone() {
      lock.lock();
      try {
        if (!isForgotten || open > 0) {
          return;
        }
      } finally {
        lock.unlock();
      }
      fed().end();
    }

    @Override
    public FedCall.@Nullable Load take(int most) {
      lock.lock();
      try {
        int n = Math.min(most, queue.size());
        if (n == 0) {
          return null;
        }
        var handed = new @Nullable Object[n];
        var tags = new @Nullable Object[n];
        for (int k = 0; k < n; k++) {
          Item item = queue.removeFirst();
          item.isTaken = true;
          handed[k] = HandedItem.of(item, item.payload);
          tags[k] = item;
        }
        return new FedCall.Load(handed, tags);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public boolean hasMore() {
      lock.lock();
      try {
        return !queue.isEmpty();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void taken() {}

    @Override
    public void done(Object tag, @Nullable Object value, String worker, boolean isLast) {
      Item item = (Item) tag;
      if (!(value instanceof FarSide.Value(MessageInput payload))) {
        throw new AssertionError(value);
      }
      finish(
          item,
          out -> {
            out.putByte(RemoteWire.DONE).putLong(item.number);
            putUsage(item, worker, out);
            out.putInt(payload.remaining());
            out.write(payload.array(), payload.position(), payload.remaining());
          });
    }

    @Override
    public void ended(Object tag, Outcome<?> outcome, String worker) {
      Item item = (Item) tag;
      switch (outcome) {
        case Outcome.Done<?> done -> done(tag, done.value(), worker, true);
        case Outcome.Failed<?> _ when engine == null && item.cancelled != null ->
            cancelled(item, worker, String.valueOf(item.cancelled));
        case Outcome.Failed<?>(FarSide.Failure failed) ->
            finish(item, out -> putFailure(item, worker, failed.payload, out));
        case Outcome.Failed<?>(Throwable cause) -> {
          var bytes = new MessageOutput(); // of this JVM: no user code
          Throwables.encode(cause, bytes, loader);
          finish(item, out -> putFailure(item, worker, bytes.toByteArray(), out));
        }
        case Outcome.TimedOut<?>(Duration limit, List<StackTraceElement> stack) ->
            finish(
                item,
                out -> {
                  out.putByte(RemoteWire.TIMED_OUT).putLong(item.number);
                  putUsage(item, worker, out);
                  Throwables.putStack(stack, out);
                });
        case Outcome.WorkerLost<?> lost ->
            finish(
                item,
                out -> {
                  out.putByte(RemoteWire.LOST).putLong(item.number);
                  putUsage(item, worker, out);
                  RemoteWire.put(lost.certificate(), out);
                });
        case Outcome.Cancelled<?>(String reason) -> cancelled(item, worker, reason);
      }
    }

    private void cancelled(Item item, String worker, String reason) {
      finish(
          item,
          out -> {
            if (item.isReturned) {
              out.putByte(RemoteWire.RETURNED).putLong(item.number);
              return;
            }
            out.putByte(RemoteWire.CANCELLED).putLong(item.number);
            putUsage(item, worker, out);
            out.putString(reason);
          });
    }

    private void putFailure(Item item, String worker, byte[] payload, MessageOutput out) {
      out.putByte(RemoteWire.FAILED).putLong(item.number);
      putUsage(item, worker, out);
      out.putBytes(payload);
    }

    private void finish(Item item, Entry entry) {
      boolean last;
      lock.lock();
      try {
        closed(item);
        ended += item.isReturned ? 0 : 1;
        report(entry);
        last = isForgotten && open == 0;
      } finally {
        lock.unlock();
      }
      if (last) {
        endIfDone();
      }
    }

    @Override
    public void batchClosed() {}

    @Override
    public void ran(int count, long nanos, String worker) {
      long mean = Math.max(1, nanos / Math.max(1, count));
      long before = itemNanos;
      itemNanos = before == 0 ? mean : before + (mean - before) / 8;
    }

    @Override
    public void usedCpu(long nanos) {}

    @Override
    public boolean mayRetry(Object tag) {
      return false; // the pool decides that
    }

    @Override
    public String label(Object tag, String item) {
      return tag.toString();
    }

    @Override
    public void refused() {}
  }

  private void putUsage(Item item, String worker, MessageOutput out) {
    out.putString(worker);
    TaskUsage usage = item.usage;
    if (usage == null) {
      out.putByte(0);
    } else {
      out.putByte(1)
          .putLong(usage.startedNanos() + clockOffset)
          .putLong(usage.endedNanos() + clockOffset)
          .putLong(usage.cpuNanos())
          .putLong(usage.allocatedBytes())
          .putLong(usage.bytesIn())
          .putLong(usage.bytesOut());
    }
  }

  private final class Far implements FarSide {
    @Override
    public void taken(Batch<?, ?> batch) {
      List<Integer> cancelled = List.of();
      lock.lock();
      try {
        for (int i = 0; i < batch.size(); i++) {
          if (batch.item(i) instanceof Item item && item.batch == null) {
            item.place = i;
            item.batch = batch;
            if (item.cancelled != null) {
              cancelled = cancelled.isEmpty() ? new ArrayList<>() : cancelled;
              cancelled.add(i);
            }
          }
        }
      } finally {
        lock.unlock();
      }
      for (int i : cancelled) {
        var _ = refuse(batch, i, "it was stopped with its call");
      }
    }

    @Override
    public void breaks(WorkerStartException reason) {
      if (ending || broken) {
        return;
      }
      lock.lock();
      try {
        broken = true;
        for (Call call : calls.values()) {
          while (!call.queue.isEmpty()) {
            giveBack(call.queue.removeFirst());
          }
        }
        report(
            out -> out.putByte(RemoteWire.BROKEN).putString(String.valueOf(reason.getMessage())));
      } finally {
        lock.unlock();
      }
    }

    @Override
    public byte[] answer(ClassServer.Question question) throws IOException {
      var key = new Asked(question.isClass(), question.name(), question.loader(), question.which());
      byte[] known = found.get(key);
      if (known != null) {
        return known;
      }
      try {
        byte[] answer =
            channel.ask(
                question(RemoteWire.FIND)
                    .putByte(question.isClass() ? 1 : 0)
                    .putString(question.name())
                    .putLong(question.loader())
                    .putInt(question.which())
                    .toByteArray());
        // Of what was not found the pool may know more later.
        if (answer.length > 0
            && answer[0] == MessageTypes.FOUND
            && foundBytes.addAndGet(answer.length) < FOUND_BYTES) {
          found.put(key, answer);
        }
        return answer;
      } catch (InterruptedException e) {
        throw new IOException("the thread was interrupted", e);
      }
    }

    @Override
    public void print(boolean error, byte[] line) {
      lock.lock();
      try {
        while (reports.size() > REPORT_BYTES && !ending) {
          var _ = sent.await(1, TimeUnit.SECONDS);
        }
        report(out ->
            out.putByte(RemoteWire.PRINTED)
                .putByte(error ? 1 : 0)
                .putLong(-1)
                .putString("")
                .putBytes(line));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Passes on what only a pool with listeners wants to know. */
  private final class Events implements TaskListener {
    @Override
    public void onEvent(TaskEvent event) {
      switch (event) {
        case TaskEvent.Started started when started.item() instanceof Item item ->
            reportSafely(out ->
                out.putByte(RemoteWire.STARTED)
                    .putLong(item.number)
                    .putString(started.worker())
                    .putLong(started.nanos() + clockOffset));
        case TaskEvent.Printed printed when printed.item() instanceof Item item ->
            reportSafely(out ->
                out.putByte(RemoteWire.PRINTED)
                    .putByte(printed.error() ? 1 : 0)
                    .putLong(item.number)
                    .putString(printed.worker())
                    .putString(printed.line()));
        case TaskEvent.Finished finished when finished.item() instanceof Item item ->
            item.usage = finished.usage();
        case TaskEvent.WorkerReady ready ->
            reportSafely(out ->
                out.putByte(RemoteWire.WORKER_READY)
                    .putString(ready.worker())
                    .putLong(ready.pid())
                    .putLong(ready.startupNanos())
                    .putLong(ready.nanos() + clockOffset));
        case TaskEvent.WorkerEnded workerEnded -> {
          DeathCertificate death = workerEnded.certificate();
          reportSafely(out -> {
            out.putByte(RemoteWire.WORKER_ENDED);
            RemoteWire.put(death, out);
            out.putByte(workerEnded.expected() ? 1 : 0).putLong(workerEnded.nanos() + clockOffset);
          });
        }
        default -> {}
      }
    }
  }

  // ---- reports; one thread sends them

  /** Appends one entry of a report. */
  private interface Entry {
    void put(MessageOutput out);
  }

  private void reportSafely(Entry entry) {
    lock.lock();
    try {
      report(entry);
    } finally {
      lock.unlock();
    }
  }

  /** Adds to what is sent next. Under lock. */
  private void report(Entry entry) {
    entry.put(reports);
    reportsDue = true;
    if (!gathering || !hasEnoughToDo()) {
      reported.signal();
    }
  }

  /** Whether more than half of the work ahead is left. Under lock. */
  private boolean hasEnoughToDo() {
    return !ending && items.size() > workers && 2 * items.size() > wanted();
  }

  /** Waits until some items have ended, or workers will soon need more, or for a while. */
  private void gather() throws InterruptedException {
    long most = Math.min(LONGEST_PAUSE, TOGETHER * itemNanos / Math.max(1, workers));
    long deadline = System.nanoTime() + most;
    lock.lock();
    try {
      gathering = true;
      for (long left = most;
          left > 0 && hasEnoughToDo() && reports.size() < REPORT_BYTES;
          left = deadline - System.nanoTime()) {
        var _ = reported.awaitNanos(left);
      }
    } finally {
      gathering = false;
      lock.unlock();
    }
  }

  private void reportAll() {
    try {
      long pause = 0;
      while (true) {
        if (pause > 0) {
          LockSupport.parkNanos(pause);
        }
        byte[] report = nextReport();
        if (report == null) {
          return;
        }
        byte[] answer = channel.ask(report);
        var in = new MessageInput(answer, 0, answer.length);
        if (in.getByte() != RemoteWire.OK) {
          end("the pool has given it up", true);
          return;
        }
        pause = in.getLong();
        reportPause = pause;
        gather();
      }
    } catch (IOException | RuntimeException | Error e) {
      end("the pool cannot be reached: " + e, true);
    } catch (InterruptedException e) {
      end("its thread was interrupted", true);
    } finally {
      threadEnded();
    }
  }

  /** Waits for something to report; null at the end, when all was reported. */
  private byte @Nullable [] nextReport() throws InterruptedException {
    lock.lock();
    try {
      while (!reportsDue && !local.isTerminated()) {
        var _ = reported.await(100, TimeUnit.MILLISECONDS);
        reportsDue |= fetching && System.nanoTime() - lastReport > SIGN_OF_LIFE;
      }
      lastReport = System.nanoTime();
      if (!reportsDue || (reports.size() == 0 && local.isTerminated())) {
        return null;
      }
      MessageOutput full = reports;
      reports = new MessageOutput();
      reportsDue = false;
      sent.signalAll();
      MessageOutput report = putLevels(question(RemoteWire.REPORT));
      report.write(full.array(), 0, full.size());
      return report.toByteArray();
    } finally {
      lock.unlock();
    }
  }

  // ---- the end

  /**
   * Begins the end, once.
   *
   * @param why why the pool did not ask for it; null if it did
   * @param atOnce whether nobody waits for what runs
   */
  private void end(@Nullable String why, boolean atOnce) {
    lock.lock();
    try {
      if (ending) {
        return;
      }
      ending = true;
      failure = why;
      reported.signalAll();
      sent.signalAll();
    } finally {
      lock.unlock();
    }
    if (why != null) {
      Log.get().log(System.Logger.Level.DEBUG, "the agent " + name + " ends: " + why);
    }
    if (atOnce) {
      var _ = local.shutdownNow();
    } else {
      local.shutdown();
    }
  }

  /** The last of the two threads says goodbye. */
  private void threadEnded() {
    if (threads.decrementAndGet() > 0) {
      return;
    }
    try {
      local.close();
      deleteFetched();
      if (loadsHere) {
        AgentClasses.close(far);
      }
      if (failure == null) {
        var _ = channel.ask(question(RemoteWire.BYE).toByteArray());
      }
    } catch (IOException | RuntimeException e) {
      // the pool is gone, and so needs no goodbye
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      hasEnded.countDown();
    }
  }
}
