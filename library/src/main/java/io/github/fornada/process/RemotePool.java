package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskPolicy;
import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Uninterrupted;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.payload.MappedSharedBytes;
import io.github.fornada.process.payload.Mappings;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.PayloadCodec;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.Spliterators;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * A pool whose items run in worker JVMs of other machines. For authors of pools on a cluster: the
 * cluster manager starts JVMs there, each opens a {@link RemoteAgent}, and a subclass passes the
 * agents' questions to {@link #serve}. How the bytes travel, and who may send them, is the
 * subclass's own.
 *
 * <p>A function and its items are written once, when they are handed over, and only the workers
 * read them. Agents take as many items as keep their workers busy and report each when it has
 * ended, so a result comes home at once, a slow agent has few items, and a source is read only as
 * fast as the agents work. Order, windows, futures and retries are those of every pool; limits are
 * kept where the item runs.
 *
 * <p>An item that ends its worker costs that worker only. What an agent had and had not reported
 * when it was {@linkplain #lost lost} ends as {@link Outcome.WorkerLost}: it may have run, so it
 * runs again only if the pool has retries.
 */
public abstract class RemotePool extends AbstractPool {
  /** The longest time that a question of an agent waits for its answer. */
  private static final Duration LONG_POLL = Duration.ofSeconds(5); // Guess

  private static final Duration LOOK = Duration.ofMillis(500);

  /** How long an agent may take to stop an item that is no longer wanted, beside the grace. */
  private static final Duration STOPPING = Duration.ofSeconds(10); // Guess

  /** Enough that agents have work for as long as a report takes: see docs/scale.md. */
  private static final int WINDOW_PER_WORKER = 256; // Guess

  private static final int MOST_WINDOW = 500_000; // Guess: some hundred megabytes

  /** Never started: stands for any other thread. */
  private static final Thread OTHER = new Thread("fornada-other");

  private final ProcessOptions options;
  private final Duration silence;
  private final Duration startup;
  final Handover handover;
  final ClassServer classes;
  final Quarantine quarantine;
  final GuardedResults guarded;
  final OutputPrinter printer = new OutputPrinter();
  final RemoteLinks links;
  private final RemoteFeeder.Chain feeders;
  private final ClassSearches searches;
  private final Set<Thread> ownThreads = ConcurrentHashMap.newKeySet();
  private final AtomicInteger sharedNumbers = new AtomicInteger();
  private final Mappings.Listener unmapping = this::unshare;
  private final Home home = new Home();

  /** Where shared bytes are; null until there are some. Guarded by home. */
  private @Nullable Path directory;

  private volatile boolean stopping;
  private volatile boolean ended;

  /** The parts of the library that run user code see the pool through this. */
  final class Home implements GuardedResults.Home {
    @Override
    public TaskPolicy policy() {
      return RemotePool.this.policy();
    }

    @Override
    public boolean isClosing() {
      return isShutdown();
    }

    @Override
    public boolean isStopping() {
      return stopping;
    }

    @Override
    public void schedule(Duration pause, Runnable action) {
      var _ = after(pause, action);
    }

    @Override
    public void enters() {
      ownThreads.add(Thread.currentThread());
    }

    @Override
    public void leaves() {
      ownThreads.remove(Thread.currentThread());
    }

    @Override
    public @Nullable PayloadCodec codec() {
      return null;
    }
  }

  /**
   * Creates a pool without agents.
   *
   * @param workers how many items are in progress at once at most, as far as is known
   * @param options how the workers are started, and the policy
   * @param silence how long an agent may not be heard of before it counts as lost
   * @param startup how long items may wait while there is no agent
   * @throws IllegalArgumentException if workers on other machines cannot have these options
   */
  @SuppressWarnings("this-escape") // its parts do not use it before there is an agent or an item
  protected RemotePool(int workers, ProcessOptions options, Duration silence, Duration startup) {
    super(ExecutionModel.CLUSTER, workers, withWindow(options.policy(), workers));
    RemoteSettings.check(options);
    this.options = options;
    this.silence = silence;
    this.startup = startup;
    this.handover = new Handover(null, null);
    this.classes = ClassServer.ofAll(options.launch().classFiles());
    options.policy().carriers().forEach(c -> classes.add(c.getClass().getClassLoader()));
    this.searches = new ClassSearches(classes);
    this.quarantine = new Quarantine(options.policy().retries(), handover);
    this.guarded = new GuardedResults(home);
    this.links = new RemoteLinks();
    this.feeders = new RemoteFeeder.Chain(this);
    Mappings.add(unmapping);
    feeders.start();
    lookSoon();
  }

  /** Returns the policy with a window that lets all workers have work ahead, if none was chosen. */
  private static TaskPolicy withWindow(TaskPolicy policy, int workers) {
    int all = (int) Math.min(MOST_WINDOW, (long) WINDOW_PER_WORKER * workers);
    return policy.window() == TaskPolicy.DEFAULT.window() && all > policy.window()
        ? policy.withWindow(all)
        : policy;
  }

  Home home() {
    return home;
  }

  // ---- what a subclass must do

  /**
   * Called once, when nothing is left to do and every agent has ended or was given up. Ends what
   * the subclass has started on the cluster. May wait; the pool's close waits for it.
   */
  protected abstract void end();

  /**
   * Returns why there is no agent, as far as the cluster says, for the message of items that waited
   * for one in vain; empty if it says nothing.
   */
  protected String whyNoAgent() {
    return "";
  }

  /**
   * Returns how agents on other machines get shared bytes without asking this pool for every part,
   * for {@link RemoteAgent.Channel#fetch}; empty, as by default, if they must ask. Called on a
   * thread of its own, and may wait.
   *
   * @param file has the bytes; it does not change
   */
  protected byte[] wayTo(Path file) throws IOException {
    return new byte[0];
  }

  /** Called when shared bytes were closed that agents may have asked a way to. Must not wait. */
  protected void unshared(Path file) {}

  // ---- agents

  /**
   * Answers a question of an agent. Never waits and runs no user code, so any thread may call it.
   *
   * @param answer gets the answer, at once or later, on any thread; it must not throw and must not
   *     wait
   */
  public final void serve(byte[] question, Consumer<byte[]> answer) {
    try {
      var in = new MessageInput(question, 0, question.length);
      byte kind = in.getByte();
      long id = in.getLong();
      if (kind == RemoteWire.HELLO) {
        answer.accept(hello(id, in));
        return;
      }
      AgentLink agent = links.find(id);
      if (agent == null) {
        answer.accept(new byte[] {RemoteWire.GONE});
        return;
      }
      switch (kind) {
        case RemoteWire.POLL -> {
          links.polled(agent, in, answer);
          feeders.wake();
        }
        case RemoteWire.REPORT -> {
          if (links.reported(agent, in, question)) {
            OwnThreads.start("fornada-reports-" + agent.name, () -> read(agent));
          }
          answer.accept(
              new MessageOutput().putByte(RemoteWire.OK).putLong(links.pause()).toByteArray());
        }
        case RemoteWire.FIND -> find(in, answer);
        case RemoteWire.FETCH -> fetch(in, answer);
        case RemoteWire.WAY -> way(in, answer);
        case RemoteWire.BYE -> {
          String why = in.getString();
          lose(agent, why.isEmpty() ? "has ended" : "has ended (" + why + ")");
          answer.accept(new byte[] {RemoteWire.OK});
        }
        default -> answer.accept(new byte[] {RemoteWire.GONE});
      }
    } catch (IOException | RuntimeException e) {
      Log.get().log(System.Logger.Level.WARNING, "a message of an agent cannot be read", e);
      answer.accept(new byte[] {RemoteWire.GONE});
    }
  }

  private byte[] hello(long id, MessageInput in) throws IOException {
    int version = in.getInt();
    if (version != RemoteWire.VERSION) {
      return refusal(
          "it has another version of this library than the program: its messages are of version "
              + version
              + ", and those of the program of version "
              + RemoteWire.VERSION);
    }
    if (ended) {
      return refusal("the pool was closed");
    }
    var agent = new AgentLink(id, in.getString(), in.getLong());
    warnOf(in.getString(), agent.name);
    links.add(agent);
    var answer = new MessageOutput().putByte(RemoteWire.OK).putLong(System.nanoTime());
    answer.putLong(RemoteWire.COPY);
    RemoteSettings.write(options, answer);
    return answer.putByte(isObserved() ? 1 : 0).toByteArray();
  }

  private static void warnOf(String jdk, String agent) {
    String warning = warning(jdk, agent);
    if (warning != null) {
      Log.get().log(System.Logger.Level.WARNING, warning);
    }
  }

  /** Returns what is to be said of an agent's JDK; null for nothing. */
  static @Nullable String warning(String jdk, String agent) {
    Runtime.Version version = Runtime.Version.parse(jdk);
    return version.feature() == 25 && version.interim() == 0 && version.update() < 3
        ? agent
            + " runs on JDK "
            + jdk
            + ", which may corrupt data under G1 (JDK-8377811): install 25.0.3 or later there"
        : null;
  }

  private static byte[] refusal(String why) {
    return new MessageOutput().putByte(RemoteWire.GONE).putString(why).toByteArray();
  }

  /**
   * An agent is lost: what it had and had not reported ends as {@link Outcome.WorkerLost}. Does
   * nothing if there is no such agent. Never waits.
   *
   * @param agent its name
   * @param why what is known, as the end of a sentence that begins with the agent's name
   */
  public final void lost(String agent, String why) {
    for (AgentLink each : links.all()) {
      if (each.name.equals(agent)) {
        lose(each, why);
      }
    }
  }

  /** Returns the names of the agents that there are. */
  public final List<String> agents() {
    return links.all().stream().map(each -> each.name).toList();
  }

  /** Returns how many workers agents offer now. */
  public final int workersThere() {
    return links.workers();
  }

  /** As {@link #lost}, of this agent and no other of its name. */
  final void lose(AgentLink agent, String why) {
    if (links.lose(agent, why)) {
      OwnThreads.start("fornada-reports-" + agent.name, () -> read(agent));
    }
    feeders.wake();
  }

  /** Reads what has come from an agent, until there is no more: no error ends that. */
  private void read(AgentLink agent) {
    RemoteReports reports = null;
    while (true) {
      try {
        home.enters();
        reports = reports == null ? new RemoteReports(this, agent) : reports;
        reports.readAll();
        home.leaves();
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await();
      } catch (RuntimeException | Error e) {
        Log.get().log(System.Logger.Level.WARNING, "a report of an agent could not be read", e);
        HeapShortage.await(); // if it happens again and again
      }
    }
  }

  private void find(MessageInput in, Consumer<byte[]> answer) throws IOException {
    boolean isClass = in.getByte() != 0;
    var question = new ClassServer.Question(0, isClass, in.getString(), in.getLong(), in.getInt());
    searches.add(question, answer);
  }

  /** The user's loaders may be slow, so nothing else uses these threads. */
  private void fetch(MessageInput in, Consumer<byte[]> answer) throws IOException {
    Path file = Path.of(in.getString());
    long at = in.getLong();
    int length = in.getInt();
    if (!links.isShared(file.toString())) {
      answer.accept(new byte[] {RemoteWire.GONE});
      return;
    }
    OwnThreads.start("fornada-share", () -> answer.accept(part(file, at, length)));
  }

  private void way(MessageInput in, Consumer<byte[]> answer) throws IOException {
    Path file = Path.of(in.getString());
    if (!links.isShared(file.toString())) {
      answer.accept(new byte[] {RemoteWire.GONE});
      return;
    }
    OwnThreads.start(
        "fornada-share",
        () -> {
          byte[] message = {RemoteWire.OK}; // without a way
          try {
            byte[] found = wayTo(file);
            byte[] whole = new byte[1 + found.length];
            whole[0] = RemoteWire.OK;
            System.arraycopy(found, 0, whole, 1, found.length);
            message = whole;
          } catch (Throwable e) { // such as no memory, or what the cluster's own code throws
            Log.get().log(System.Logger.Level.DEBUG, "shared bytes go part by part", e);
          }
          answer.accept(message);
        });
  }

  /** Waits for room in the heap: an agent that is not answered ends. */
  private static byte[] part(Path file, long at, int length) {
    while (true) {
      try {
        return tryPart(file, at, length);
      } catch (OutOfMemoryError e) {
        HeapShortage.await();
      }
    }
  }

  private static byte[] tryPart(Path file, long at, int length) {
    ByteBuffer part = ByteBuffer.allocate(1 + length).put(RemoteWire.OK);
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (part.hasRemaining() && channel.read(part, at + part.position() - 1) >= 0) {
        // goes on
      }
      return Arrays.copyOf(part.array(), part.position());
    } catch (IOException e) {
      return new byte[] {RemoteWire.GONE}; // closed meanwhile
    }
  }

  // ---- time

  private void lookSoon() {
    var _ =
        after(
            LOOK,
            () -> {
              if (!ended) {
                try {
                  look();
                } finally {
                  lookSoon(); // whatever happened: nothing else finds agents that are silent
                }
              }
            });
  }

  private void look() {
    links.answerOld(LONG_POLL);
    searches.look();
    for (AgentLink silent : links.silent(silence)) {
      lose(silent, "was not heard of for " + silence.toSeconds() + " s");
    }
    if (links.isEmptySince(startup) && hasWork()) {
      OwnThreads.start("fornada-no-agent", this::failAll);
    }
  }

  private void failAll() {
    String why = whyNoAgent();
    var reason =
        new IOException(
            "no machine of the cluster has taken it for "
                + startup.toSeconds()
                + " s"
                + (why.isEmpty() ? "" : ": " + why));
    for (Batch<?, ?> batch = poll(64); batch != null; batch = poll(64)) {
      for (int i = batch.claim(); i >= 0; i = batch.claim()) {
        fail(batch, i, reason);
      }
    }
  }

  static <R> void fail(Batch<?, R> batch, int i, Throwable reason) {
    try {
      batch.end(i, new Outcome.Failed<>(reason), null);
    } catch (OutOfMemoryError e) {
      batch.fail(i, e, "");
    }
  }

  // ---- the methods that AbstractPool requires

  @Override
  protected final void workAvailable() {
    feeders.workAvailable();
  }

  @Override
  protected final boolean hasFreeWorker() {
    return links.hasRoom();
  }

  @Override
  protected final void cancel(Batch<?, ?> batch, int i, String reason) {
    if (links.cancel(batch, i, reason)) {
      feeders.wake();
      var _ = after(policy().grace().plus(STOPPING), () -> leaveBehind(batch, i, reason));
      return;
    }
    if (!feeders.cancel(batch, i)) {
      var _ = guarded.cancel(batch, i, reason);
    }
  }

  /** The agent does not stop the item: it is not waited for. */
  private <R> void leaveBehind(Batch<?, R> batch, int i, String reason) {
    if (!batch.isEnded(i)) {
      AgentLink.Sent sent = links.find(batch, i);
      TaskUsage usage = sent == null ? null : sent.usage();
      OwnThreads.start(
          "fornada-left-behind", () -> batch.end(i, new Outcome.Cancelled<>(reason), usage));
    }
  }

  @Override
  protected final void cancelAll(String reason) {
    stopping = true;
  }

  @Override
  protected final void onQuiet() {
    OwnThreads.start("fornada-end", this::endAll);
  }

  private void endAll() {
    home.enters();
    try {
      ended = true;
      links.end();
      feeders.wake();
      links.awaitNone(policy().grace().plus(STOPPING));
      end();
    } catch (RuntimeException | Error e) {
      Log.get().log(System.Logger.Level.WARNING, "the end of a pool on a cluster failed", e);
    } finally {
      feeders.end();
      links.answerOld(Duration.ZERO);
      handover.close();
      Mappings.remove(unmapping);
      printer.finish(policy().grace());
      home.leaves();
      terminated(); // closes shared bytes
      synchronized (home) {
        if (directory != null) {
          PrivateDirectory.delete(directory);
        }
      }
    }
  }

  @Override
  protected final boolean isOwnThread() {
    return ownThreads.contains(Thread.currentThread());
  }

  @Override
  protected final @Nullable Object handOver(@Nullable Object item, boolean isTask) {
    if (isTask
        && item != null
        && (!(item instanceof Serializable) || NotSendableException.isFuture(item))) {
      throw new RejectedExecutionException(NotSendableException.refused(item));
    }
    Object handed = handover.item(item, Payloads.largeArray(item));
    if (isTask && item != null && handed instanceof HandedItem copy && copy.failure() != null) {
      throw NotSendableException.rejected(item, copy.failure());
    }
    return handed;
  }

  @Override
  protected final TaskFunction<?, ?> handOver(TaskFunction<?, ?> function, List<?> parts) {
    return handover.function(function, parts);
  }

  @Override
  protected final boolean isBound(@Nullable Object item) {
    MemorySegment segment =
        item instanceof MemorySegment s
            ? s
            : item instanceof ByteBuffer b && b.isDirect() ? MemorySegment.ofBuffer(b) : null;
    return segment != null && !segment.isAccessibleBy(OTHER);
  }

  // ---- shared bytes

  @Override
  protected final SharedBytes sharing(MemorySegment bytes, Set<SharedBytes> open) {
    Path file = sharedFile();
    SharedBytes made = MappedSharedBytes.copy(bytes, file, open);
    links.share(file.toString(), bytes.byteSize());
    return made;
  }

  @Override
  protected final SharedBytes sharing(Path file, Set<SharedBytes> open) {
    // A copy: the file has its name on this machine only.
    try (var arena = Arena.ofShared()) {
      return sharing(Uninterrupted.call(() -> mapped(file, arena)), open);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " could not be shared: " + e, e);
    }
  }

  private static MemorySegment mapped(Path file, Arena arena) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    }
  }

  private Path sharedFile() {
    synchronized (home) {
      Path known = directory;
      if (known == null) {
        try {
          known = PrivateDirectory.create(PrivateDirectory.bases(), 1);
        } catch (IOException e) {
          throw new UncheckedIOException("bytes could not be shared: " + e.getMessage(), e);
        }
        directory = known;
      }
      return known.resolve("shared-" + sharedNumbers.incrementAndGet());
    }
  }

  private void unshare(String sentinel) {
    if (links.unshare(sentinel)) {
      feeders.wake();
      unshared(Path.of(sentinel));
    }
  }

  // ---- results that stay where they are made

  /**
   * Runs {@code action} on every item, and returns how many there were. What it returns is dropped
   * where it was made, so only the news that an item has ended comes home: for actions that store
   * their result themselves. As in {@link #map}, the first failure cancels the rest and is thrown;
   * unlike it, this keeps nothing, and {@code items} may be of any number.
   *
   * @throws io.github.fornada.TaskException if an item failed, timed out or lost its worker
   * @throws InterruptedException if the caller was interrupted while it waited; the rest is then
   *     cancelled
   */
  public final <T extends @Nullable Object> long forEach(
      Iterable<? extends T> items, TaskFunction<? super T, ?> action) throws InterruptedException {
    try (Stream<T> all =
        StreamSupport.stream(Spliterators.<T>spliteratorUnknownSize(items.iterator(), 0), false)) {
      return all.gather(mapping(new WithoutResult<>(action))).count();
    } catch (CancellationException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while items of a forEach ran");
      }
      throw e;
    }
  }

  /** Drops the result in the worker. */
  private record WithoutResult<T extends @Nullable Object>(TaskFunction<? super T, ?> action)
      implements TaskFunction<T, @Nullable Void> {
    @Override
    public @Nullable Void apply(T item) throws Exception {
      var _ = action.apply(item);
      return null;
    }
  }

  // ---- called by its parts

  /** Returns the options of the workers. */
  final ProcessOptions workerOptions() {
    return options;
  }

  /** Returns the options of a pool of worker JVMs with changes, for {@link #RemotePool}. */
  protected static ProcessOptions optionsOf(UnaryOperator<ProcessOptions> change) {
    return change.apply(ProcessOptions.defaults());
  }

  /** Takes work for an agent; null if there is none. */
  final @Nullable Batch<?, ?> take(int most) {
    Batch<?, ?> batch = poll(most);
    while (batch != null && isRefused(batch)) {
      batch = poll(most); // none of its items is left to be run
    }
    return batch;
  }

  private boolean isRefused(Batch<?, ?> batch) {
    try {
      return quarantine.refuses(batch) && batch.isClosed();
    } catch (OutOfMemoryError e) {
      return false; // what is in quarantine may run once more, rather than be lost
    }
  }

  final void putBack(Batch<?, ?> batch) {
    giveBack(batch);
  }

  /** An agent may want more items. */
  final void wakeFeeder() {
    feeders.wake();
  }

  final boolean isAnyWork() {
    return hasWork();
  }

  final void report(TaskEvent event) {
    if (isObserved()) {
      tell(event);
    }
  }

  /**
   * Returns the certificates of the items in quarantine, oldest first; see {@link
   * ProcessPool#quarantined}.
   */
  public final List<DeathCertificate> quarantined() {
    return quarantine.list();
  }

  /** Removes all items from quarantine: an item that is submitted again runs again. */
  public final void clearQuarantine() {
    quarantine.clear();
  }
}
