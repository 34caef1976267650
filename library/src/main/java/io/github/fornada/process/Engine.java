package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.Durations;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
import io.github.fornada.process.host.ExitHooks;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.host.Nesting;
import io.github.fornada.process.host.OrphanGuard;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.launch.LaunchSettings;
import io.github.fornada.process.launch.Launcher;
import io.github.fornada.process.payload.BufferFiles;
import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.MappedSharedBytes;
import io.github.fornada.process.payload.Mappings;
import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.Segment;
import io.github.fornada.shared.memory.Space;
import io.github.fornada.shared.memory.Spaces;
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.PayloadCodec;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The workers and the queue behind a {@link ProcessPool}, which is only a handle. Threads, tasks
 * and timers refer to the engine and never to the handle, so that an abandoned pool can be
 * distinguished from one that is only idle.
 */
final class Engine extends AbstractPool implements Mappings.Listener, GuardedResults.Home {
  private static final int MAX_START_FAILURES = 3;

  /**
   * A worker that was killed says little about the next attempt, unless many are killed in a row.
   */
  private static final int MAX_START_KILLS = 12;

  /** The number of threads that may be lost in class loaders before classes are refused. */
  private static final int MAX_LOST_CLASS_THREADS = 256; // Guess

  private static final String NOT_OPENED = "because its pool could not be opened";

  static final String JVM_EXITS = "because the JVM that had opened the pool was exiting";

  static final String GRACE_OVER = ", and the exit grace of ";

  /** How often the age and memory of workers are checked, if there are limits on them. */
  private static final Duration MONITORING = Duration.ofMillis(100);

  /** How long workers of another engine count as free after that was said. */
  private static final long FREE_ELSEWHERE_NANOS = 200_000_000; // Guess

  /** A pause after which the first result has probably arrived. */
  private static final Duration SWEEP_AFTER = Duration.ofMillis(20); // Guess

  /** When to sweep if no worker is ready by then. */
  private static final Duration SWEEP_AT_THE_LATEST = Duration.ofSeconds(1); // Guess

  /** The pause after no thread could be started. */
  private static final Duration NO_THREAD_PAUSE = Duration.ofMillis(100); // Guess

  /** How long the exit of this JVM waits for locks that are held for a few instructions. */
  private static final Duration LOCKS_AT_EXIT = Duration.ofSeconds(5); // Guess

  /** The pool of this JVM whose calls it works for; null for its own. */
  private final @Nullable AbstractPool source;

  private final ProcessOptions options;
  private final List<Path> bases;
  private final Path directory;

  /** The objects that its tasks share. */
  private final Space space;

  private final HandshakeServer handshakeServer;
  private final OrphanGuard guard;
  private final Launcher launcher;
  private final ClassServer classes;

  /** Answers questions of workers for classes. Its threads may be lost to the user's loaders. */
  private final Executor classThreads;

  /** The pool in another JVM that it works for; null for none. */
  private final @Nullable FarSide far;

  private final OutputPrinter printer;
  private final BufferFiles buffers = new BufferFiles(this::directory);
  private final Handover handover;
  private final List<WorkerSlot> slots = new ArrayList<>();
  private final Set<Thread> ownThreads = ConcurrentHashMap.newKeySet();
  private final WorkerSupply supply;
  private final Set<WorkerStart> starts = ConcurrentHashMap.newKeySet();
  private final Quarantine quarantine;

  /** The reserve that workers are taken from while it has any; null for none. */
  private final @Nullable WorkerReserve reserve;

  /** Marks of workers from the reserve, which do not have the prefix of this pool's own marks. */
  private final Set<String> foreignMarks = ConcurrentHashMap.newKeySet();

  /** The number of threads that a close waits for: one for each slot, and helpers. */
  private final AtomicInteger awaitedThreads;

  private final AtomicInteger workerNumbers;
  private final AtomicInteger startFailures = new AtomicInteger();
  private final AtomicInteger startKills = new AtomicInteger();

  /** When the last counted failure was. Guarded by startFailures. */
  private long lastStartFailure;

  private final AtomicInteger sharedNumbers = new AtomicInteger();
  private final AtomicInteger nextSlot = new AtomicInteger();
  private final AtomicBoolean balancing = new AtomicBoolean();

  // Made before they are needed: then there may be no memory for them.
  private final Runnable balance = this::balance;
  private final Runnable monitor = this::monitor;

  private final AtomicBoolean warm = new AtomicBoolean();
  private final AtomicBoolean swept = new AtomicBoolean();
  private final Thread exitHook;
  private final boolean growsOnDemand;

  /** Why no worker can be started; null while workers can be. Set once. */
  private volatile @Nullable WorkerStartException broken;

  /** Called when no worker can be started any more; for a helper. */
  private volatile Consumer<? super WorkerStartException> whenBroken = reason -> {};

  /** How many slots take items: all of them, unless this is a helper, or was told otherwise. */
  private volatile int used;

  /** Until when another engine has free workers, as far as is known; only with a far side. */
  private volatile long freeElsewhereUntil = System.nanoTime();

  private volatile boolean ending;

  /**
   * Whether the JVM exits: no more workers may start, because the folder is deleted. Written by the
   * exit hook.
   */
  private volatile boolean exiting;

  private volatile boolean stopping;

  /** Whether starts are called off, those of now and those to come. */
  private volatile boolean startsCalledOff;

  /**
   * Whether a worker that is gone has left pools of its own. Written by the threads that clean up
   * after it.
   */
  private volatile boolean poolsLeft;

  private Engine(
      @Nullable AbstractPool source,
      ProcessOptions options,
      List<Path> bases,
      @Nullable WorkerReserve reserve,
      @Nullable FarSide far,
      FirstWorkers first)
      throws IOException {
    super(source, ExecutionModel.PROCESSES, options.workers(), options.policy());
    this.source = source;
    this.used = source == null && far == null ? Integer.MAX_VALUE : 0;
    this.far = far;
    this.printer = new OutputPrinter(far);
    this.reserve = reserve;
    this.options = options;
    this.handover = new Handover(options.launch().codec(), this);
    this.quarantine = new Quarantine(options.policy().retries(), handover);
    this.awaitedThreads = new AtomicInteger(options.workers());
    this.growsOnDemand = options.life().minWorkers() >= 0;
    // Twice what all workers can use, with spares and those that start, and some that are lost.
    this.classThreads =
        OwnThreads.expendable(
            "fornada-classes",
            MAX_LOST_CLASS_THREADS
                + 2 * ClassQuestions.MAX_THREADS * (options.workers() + options.life().spares()));
    this.bases = bases;
    this.directory = first.directory();
    this.workerNumbers = new AtomicInteger(first.count());
    this.space =
        Space.ofParent(
            directory,
            new Space.Host() {
              @Override
              public void freed(String file) {
                unmapped(file);
              }

              @Override
              public void restore() throws IOException {
                PrivateDirectory.restore(directory);
              }

              @Override
              public void makeFifos(List<Path> paths) {
                HandshakeServer.makeFifos(paths);
              }
            });
    // The steps to undo if a later one fails, the last one first.
    var undo = new ArrayDeque<Runnable>();
    try {
      this.guard = first.guard();
      this.launcher = first.launcher();
      // With none of them, the first is started when there is work.
      this.handshakeServer =
          new HandshakeServer(directory, first.count() == 0 ? 1 : first.toLetIn());
      undo.push(handshakeServer::close);
      later(SWEEP_AT_THE_LATEST, this::sweep);
      handshakeServer.awaitReady();
      this.classes = ClassServer.passingOn(options.launch().classFiles(), far);
      options.policy().carriers().forEach(c -> classes.add(c.getClass().getClassLoader()));
      handover.prepareSetUp(WorkerStart.nameOf(options.launch()), options.launch().setUp());
      handover.prepareSetUp("codec", options.launch().codec());
      this.exitHook = new Thread(this::onExit, "fornada-exit");
      for (int i = 0; i < options.workers(); i++) {
        slots.add(new WorkerSlot(this, i));
      }
      Mappings.add(this);
      undo.push(() -> Mappings.remove(this));
      Spaces.add(this, space);
      undo.push(() -> Spaces.end(this));
      var begun = new ArrayList<WorkerStart>();
      for (LaunchedWorker launched : first.await()) {
        begun.add(new WorkerStart(this, launched));
        mark(launched);
      }
      this.supply = new WorkerSupply(this, options.life().spares(), begun);
      undo.push(this::giveUp);
      // The last: the hook may run at once, and looks at all that was made before.
      ExitHooks.add(exitHook);
      undo.push(() -> ExitHooks.remove(exitHook));
      slots.forEach(WorkerSlot::start);
      supply.refill();
      if (options.life().maxAge() != null || options.life().residentLimit() != null) {
        monitorSoon();
      }
    } catch (Throwable e) { // such as no memory for another thread
      undo.forEach(Runnable::run);
      throw e;
    }
  }

  /** Called when some slots could not start: opening the pool fails. */
  private void giveUp() {
    exiting = true;
    slots.forEach(WorkerSlot::end);
    slots.forEach(slot -> slot.killNow(NOT_OPENED));
    supply.killSpares(NOT_OPENED);
  }

  /** Does work that can be done while the first worker's JVM boots; later calls do nothing. */
  void whileTheFirstBoots(Segment segment) {
    if (!warm.getAndSet(true)) {
      ClassPreloader.warmUp(segment);
      warmUpCodec();
    }
  }

  /**
   * Deletes once what others may have left behind. Nobody waits for that, and it would take a
   * processor from workers that boot.
   */
  private void sweep() {
    if (!isEnding() && !swept.getAndSet(true)) {
      startSoon("fornada-sweep", () -> PrivateDirectory.sweep(bases));
    }
  }

  /** Opens the user's codec, on a thread that it may block without end. */
  private void warmUpCodec() {
    PayloadCodec codec = options.launch().codec();
    if (codec != null) {
      OwnThreads.start("fornada-codec", () -> CodecSessions.warmUp(codec));
    }
  }

  /** Opens an engine. {@code bases} are the places where its private folder may be, best first. */
  static Engine open(ProcessOptions options, List<Path> bases, @Nullable WorkerReserve reserve) {
    return open(null, options, bases, reserve);
  }

  /** Opens an engine that works for the calls of {@code source}; null for its own. */
  static Engine open(
      @Nullable AbstractPool source,
      ProcessOptions options,
      List<Path> bases,
      @Nullable WorkerReserve reserve) {
    return open(source, options, bases, reserve, null);
  }

  /** Opens an engine that works for a pool in another JVM; {@link #use} says with how many. */
  static Engine openFor(FarSide far, ProcessOptions options, List<Path> bases) {
    return open(null, options, bases, null, far);
  }

  private static Engine open(
      @Nullable AbstractPool source,
      ProcessOptions options,
      List<Path> bases,
      @Nullable WorkerReserve reserve,
      @Nullable FarSide far) {
    Nesting.check();
    LaunchSettings settings = options.launchSettings();
    try {
      var first =
          FirstWorkers.begin(
              options, far == null ? settings : settings.madeAlone(), bases, reserve);
      Engine engine = null;
      try {
        engine = new Engine(source, options, bases, reserve, far, first);
        return engine;
      } finally {
        if (engine == null) {
          first.abandon();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the process pool could not be opened: " + e.getMessage(), e);
    }
  }

  // ---- the methods that AbstractPool requires

  @Override
  protected void workAvailable() {
    WorkerStartException reason = broken;
    if (reason != null) {
      failAll(reason);
      return;
    }
    if (used == 0) {
      return;
    }
    // Always the same worker first, if it is idle: when tasks come one by one, it has just run the
    // last one and still polls for the next.
    if (feed(0, true) || feed(nextSlot.getAndIncrement(), false)) {
      return;
    }
    if (growsOnDemand && hasWork()) {
      for (int i = 0; i < slots.size() && i < used; i++) {
        slots.get(i).demand();
      }
    }
  }

  @Override
  protected boolean hasFreeWorker() {
    return seemsFreeSomewhere();
  }

  @Override
  protected boolean limitWorkers(int count) {
    use(count);
    return true;
  }

  /**
   * If every worker runs quick items, their results will make it feed again in a moment, and then
   * take everything that has arrived until then at once.
   */
  @Override
  protected void moreAvailable() {
    for (int i = 0; i < slots.size() && i < used; i++) {
      if (!slots.get(i).dispatcher().willAskSoon()) {
        wake();
        return;
      }
    }
  }

  /**
   * Offers work to all slots, or only to those with an idle worker; returns true if no work is
   * left.
   */
  private boolean feed(int first, boolean idleOnly) {
    int all = Math.min(used, slots.size()); // 0 if this helper is no longer used, since a moment
    for (int i = 0; i < all; i++) {
      WorkerSlot slot = slots.get(Math.floorMod(first + i, all));
      if ((!idleOnly || slot.dispatcher().isIdle()) && slot.dispatcher().feed() && !hasWork()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns whether another item would probably be begun at once: by an idle worker, or by a worker
   * that is started for it. An estimate, without locks.
   */
  boolean seemsFreeSomewhere() {
    if (far != null && freeElsewhereUntil - System.nanoTime() > 0) {
      return true;
    }
    for (int i = 0; i < slots.size() && i < used; i++) {
      Dispatcher dispatcher = slots.get(i).dispatcher();
      if (dispatcher.isIdle() || (growsOnDemand && !dispatcher.isOpen())) {
        return true;
      }
    }
    return false;
  }

  @Override
  protected void cancel(Batch<?, ?> batch, int i, String reason) {
    for (WorkerSlot slot : slots) {
      if (slot.cancel(batch, i, reason)) {
        return;
      }
    }
  }

  @Override
  protected void cancelAll(String reason) {
    // written before the slots are read: an item that is about to be sent to one sees it afterwards
    stopping = true;
    for (WorkerSlot slot : slots) {
      slot.stopAll(reason);
    }
    callOffStarts();
  }

  /** Calls off the starts of workers that are in progress. */
  private void callOffStarts() {
    // Written before the starts are looked for, as startBegins adds one before it reads this.
    startsCalledOff = true;
    starts.forEach(WorkerStart::callOff);
  }

  @Override
  protected void onQuiet() {
    // Slots may end as soon as they see `ending`: the pool must not, before its spares are seen
    // off.
    awaitedThreads.incrementAndGet();
    ending = true;
    while (!isEndBegun()) {
      HeapShortage.await();
    }
    if (awaitedThreads.decrementAndGet() == 0) {
      startSoon("fornada-end", this::lastThreadEnded); // as the caller must not wait for it
    }
  }

  /** Has all end; false if there was no memory for that: it is to be done again. */
  private boolean isEndBegun() {
    try {
      // An initializer may finish within the time of any exit, but a close must not wait for a
      // whole start.
      later(WorkerProcess.EXIT_LIMIT, this::callOffStarts);
      supply.close();
      for (WorkerSlot slot : slots) {
        slot.end();
      }
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  @Override
  protected SharedBytes sharing(MemorySegment bytes, Set<SharedBytes> open) {
    return MappedSharedBytes.copy(bytes, sharedFile(), open);
  }

  @Override
  protected SharedBytes sharing(Path file, Set<SharedBytes> open) {
    return MappedSharedBytes.of(file, sharedFile(), open);
  }

  private Path sharedFile() {
    return directory.resolve("shared-" + sharedNumbers.incrementAndGet());
  }

  /** The waiting thread reads results itself for a moment, which saves two thread switches. */
  @Override
  protected void beforeWaiting(Future<?> task) {
    for (WorkerSlot slot : slots) {
      if (slot.readFor(task)) {
        return;
      }
    }
  }

  @Override
  protected @Nullable Object handOver(@Nullable Object item, boolean isTask) {
    if (isTask
        && item != null
        && (!(item instanceof Serializable) || NotSendableException.isFuture(item))) {
      throw new RejectedExecutionException(NotSendableException.refused(item));
    }
    MemorySegment large = Payloads.largeArray(item);
    if (item != null && large != null) {
      for (WorkerSlot slot : slots) {
        if (slot.dispatcher().announce(item, large)) {
          break;
        }
      }
    }
    Object handed = handover.item(item, large);
    if (isTask && item != null && handed instanceof HandedItem copy && copy.failure() != null) {
      throw NotSendableException.rejected(item, copy.failure());
    }
    return handed;
  }

  @Override
  protected TaskFunction<?, ?> handOver(TaskFunction<?, ?> function, List<?> parts) {
    if (function instanceof HandedFunction<?, ?>) {
      return function; // of another JVM, as its bytes
    }
    return handover.function(function, parts);
  }

  @Override
  protected boolean isBound(@Nullable Object item) {
    MemorySegment segment =
        item instanceof MemorySegment s
            ? s
            : item instanceof ByteBuffer b && b.isDirect() ? MemorySegment.ofBuffer(b) : null;
    return segment != null && !segment.isAccessibleBy(exitHook);
  }

  @Override
  protected boolean isOwnThread() {
    return ownThreads.contains(Thread.currentThread());
  }

  @Override
  protected void taken(Batch<?, ?> batch) {
    if (far != null) {
      far.taken(batch);
    }
  }

  // ---- called by slots

  /** Returns the pool in another JVM that it works for, which reads the results; null for none. */
  @Nullable FarSide far() {
    return far;
  }

  ProcessOptions options() {
    return options;
  }

  Launcher launcher() {
    return launcher;
  }

  Path directory() {
    return directory;
  }

  /**
   * Makes sure that the folder that a new worker needs exists: it may have been deleted from
   * outside.
   */
  void restoreDirectory() throws IOException {
    if (isEnding()) {
      return; // the folder is being deleted
    }
    PrivateDirectory.restore(directory);
    handshakeServer.restore();
  }

  HandshakeServer handshakeServer() {
    return handshakeServer;
  }

  /** Whether its workers read what workers of other pools write. */
  boolean readsPlainPayloads() {
    return handover.isWithoutCodec();
  }

  Handover handover() {
    return handover;
  }

  Space space() {
    return space;
  }

  BufferFiles buffers() {
    return buffers;
  }

  /** Deletes a payload's file that will not be read any more; {@code file} is null for none. */
  void discard(@Nullable String file) {
    if (file != null && !buffers.release(file)) {
      PayloadFiles.deleteQuietly(directory.resolve(file));
    }
  }

  /** Tells the workers to unmap what they have mapped under this sentinel file. */
  @Override
  public void unmapped(String sentinel) {
    for (WorkerSlot slot : slots) {
      slot.unmap(sentinel);
    }
  }

  ClassServer classes() {
    return classes;
  }

  /** Returns where to put the questions for classes that come from one worker. */
  ClassQuestions classQuestions(ControlChannel from) {
    return new ClassQuestions(classes, from, classThreads);
  }

  /** Returns what prints the lines of all workers. */
  OutputPrinter printer() {
    return printer;
  }

  boolean isEnding() {
    return ending || exiting;
  }

  @Override
  public @Nullable PayloadCodec codec() {
    return options.launch().codec();
  }

  @Override
  public boolean isClosing() {
    return (source == null ? this : source).isShutdown();
  }

  @Override
  public boolean isStopping() {
    return stopping;
  }

  /** Returns whether a worker may be started: a stopped pool needs none. */
  boolean mayStart() {
    return broken == null && !stopping;
  }

  /** Registers a start, which may be called off until it has {@linkplain #startEnded ended}. */
  void startBegins(WorkerStart start) {
    starts.add(start);
    if (startsCalledOff) { // read after the start was added
      start.callOff();
    }
  }

  void startEnded(WorkerStart start) {
    starts.remove(start);
  }

  WorkerSupply supply() {
    return supply;
  }

  /** Starts a worker's JVM, or takes one from the reserve. */
  LaunchedWorker launch(int number) {
    ReservedWorker taken = reserve == null ? null : reserve.take();
    if (taken == null) {
      return LaunchedWorker.launch(launcher, number);
    }
    guard.add(taken.process());
    LaunchedWorker launched = LaunchedWorker.of(taken, number);
    mark(launched);
    return launched;
  }

  private void mark(LaunchedWorker launched) {
    if (launched.reserved() != null) {
      foreignMarks.add(launched.mark());
    }
  }

  void isExiting(WorkerProcess worker) {
    for (WorkerSlot slot : slots) {
      slot.isExiting(worker);
    }
  }

  int nextWorkerNumber() {
    return workerNumbers.incrementAndGet();
  }

  /**
   * Takes work for a slot; null if there is none for it. Its items may be in {@linkplain
   * #quarantine quarantine}.
   *
   * @param index the number of the slot, from 0
   */
  @Nullable Batch<?, ?> take(int index, int most) {
    return index >= used ? null : poll(most);
  }

  /** Returns the quarantine of items that have cost too many workers. */
  Quarantine quarantine() {
    return quarantine;
  }

  /** Returns whether there is work for the slot with this number, from 0. */
  boolean hasMore(int index) {
    return index < used && hasWork();
  }

  // ---- a helper

  /** Sets how many slots take items from now on. */
  void use(int slotCount) {
    used = slotCount;
    wake();
  }

  void whenBroken(Consumer<? super WorkerStartException> action) {
    whenBroken = action;
  }

  /** Returns whether workers of other slots can run what this one's worker cannot be sent. */
  boolean mayHandBack() {
    return isHelper();
  }

  /** The items of a batch that still wait are run by the pool that this one helps. */
  void handOverToSource(Batch<?, ?> batch) {
    handBack(batch);
  }

  /** Starts the workers of the first slots, if they are not there; they need not take items yet. */
  void prepare(int slotCount) {
    for (int i = 0; i < slots.size() && i < slotCount; i++) {
      slots.get(i).demand();
    }
  }

  /** Returns how many of the first slots have a worker that can take items. */
  int ready(int slotCount) {
    int count = 0;
    for (int i = 0; i < slots.size() && i < slotCount; i++) {
      count += slots.get(i).dispatcher().isOpen() ? 1 : 0;
    }
    return count;
  }

  /**
   * Takes back what workers have and have not begun, from those that have begun nothing since the
   * last call: another engine has workers that are free.
   */
  void shedLoad() {
    freeElsewhereUntil = System.nanoTime() + FREE_ELSEWHERE_NANOS;
    for (WorkerSlot slot : slots) {
      slot.dispatcher().shedLoad();
    }
  }

  void putBack(Batch<?, ?> batch) {
    giveBack(batch);
  }

  void report(TaskEvent event) {
    if (isObserved()) {
      tell(event);
    }
  }

  @Override
  public void schedule(Duration pause, Runnable action) {
    later(pause, action);
  }

  static void later(Duration pause, Runnable action) {
    var _ = after(pause, action);
  }

  /** As {@link #later}, but throws where the heap has no room for it, as {@link Timer#tryAfter}. */
  static void tryLater(Duration pause, Runnable action) {
    var _ = Timer.tryAfter(pause, action);
  }

  @Override
  public void enters() {
    ownThreads.add(Thread.currentThread());
  }

  @Override
  public void leaves() {
    ownThreads.remove(Thread.currentThread());
  }

  /** Starts one of this pool's own threads, which must not wait for the pool. */
  Thread startThread(String name, Runnable body) {
    Thread thread =
        OwnThreads.daemon(name)
            .unstarted(() -> {
              ownThreads.add(Thread.currentThread());
              try {
                body.run();
              } finally {
                ownThreads.remove(Thread.currentThread());
              }
            });
    thread.start();
    return thread;
  }

  void workerIsReady() {
    ClassPreloader.soonForALoss();
    if (!swept.get()) {
      later(SWEEP_AFTER, this::sweep);
    }
    startFailures.set(0);
    startKills.set(0);
  }

  /**
   * Returns how long to wait before the next attempt; null if there is no point in another. Workers
   * that fail at the same moment count once.
   */
  @Nullable Duration workerFailedToStart(WorkerStartException e, long began) {
    if (isEnding()) {
      // a start that was called off does not count, and there will be no other
      return Duration.ZERO;
    }
    boolean killed = e.kind() == WorkerStartException.Kind.KILLED;
    AtomicInteger count = killed ? startKills : startFailures;
    int failures;
    synchronized (startFailures) {
      if (count.get() == 0 || began - lastStartFailure >= 0) {
        count.incrementAndGet();
        lastStartFailure = System.nanoTime();
      }
      failures = count.get();
    }
    if (e.kind() == WorkerStartException.Kind.REFUSED
        || failures >= (killed ? MAX_START_KILLS : MAX_START_FAILURES)) {
      breaks(e);
      return null;
    }
    // If the memory is too small for the initializer, each attempt is killed: report that within
    // seconds.
    return Duration.ofMillis(100L << Math.min(failures, 3));
  }

  /**
   * Returns how long to wait after a slot has failed {@code times} times in a row, although workers
   * start; null if there is no point in another attempt.
   */
  @Nullable Duration slotFailed(Throwable e, int times) {
    if (times < MAX_START_FAILURES || isEnding()) {
      return Duration.ofMillis(100L << Math.min(times, 3));
    }
    breaks(
        new WorkerStartException(
            "the pool cannot serve its workers: " + e, e, WorkerStartException.Kind.FAILED));
    return null;
  }

  /** Marks the pool as broken: there will be no more workers, and items fail. */
  private void breaks(WorkerStartException reason) {
    if (far != null) {
      far.breaks(reason); // before items fail: those that wait go to others
    }
    broken = reason;
    failAll(reason);
    whenBroken.accept(reason);
  }

  /** Ends all queued items as failed, because no worker will ever run them. */
  private void failAll(WorkerStartException reason) {
    if (isHelper()) {
      return; // the pool that this one helps has workers of its own
    }
    for (Batch<?, ?> batch = poll(64); batch != null; batch = poll(64)) {
      for (int i = batch.claim(); i >= 0; i = batch.claim()) {
        batch.endForGood(i, new Outcome.Failed<>(reason));
      }
    }
  }

  /**
   * Must be called when a worker has become idle, and when a worker has more than one item. If one
   * worker is idle while another has items that it has not begun, some of them will soon move. The
   * later of the two calls sees the state that the earlier one was called for.
   */
  void balanceSoon() {
    if (isUneven() && balancing.compareAndSet(false, true)) {
      try {
        tryLater(Dispatcher.PATIENCE, balance);
      } catch (OutOfMemoryError e) {
        balancing.set(false); // whoever is idle next sees to it
      }
    }
  }

  private void balance() {
    balancing.set(false);
    if (!isUneven()) {
      return;
    }
    if (!hasWork()) {
      for (WorkerSlot slot : slots) {
        slot.dispatcher().shedLoad();
      }
    }
    balanceSoon();
  }

  private boolean isUneven() {
    if (slots.size() > 1 && seemsFreeSomewhere()) {
      for (WorkerSlot slot : slots) {
        if (slot.dispatcher().isAhead()) {
          return true;
        }
      }
    }
    return false;
  }

  private void monitorSoon() {
    later(MONITORING, monitor);
  }

  private void monitor() {
    if (!ending) {
      try {
        slots.forEach(WorkerSlot::monitor);
      } finally {
        monitorSoon();
      }
    }
  }

  /** Ends a worker that has nothing to do. Only a close waits for this. */
  void dismiss(WorkerProcess worker) {
    startHelper(
        "fornada-worker-exit",
        () -> {
          while (true) {
            try {
              end(worker);
              return;
            } catch (OutOfMemoryError e) {
              HeapShortage.await(e); // else its process would stay
            }
          }
        });
  }

  private void end(WorkerProcess worker) {
    worker.askToExit();
    int code = worker.awaitExit();
    DeathCertificate certificate =
        space.workerIsGone(worker.number(), ExitDiagnosis.certify(worker, code), code == 0);
    report(TaskEvent.WorkerEnded.of(certificate, true, System.nanoTime()));
    ProcessEvents.workerEnded(certificate, true);
    worker.close();
    killLeftBehind(worker, false);
  }

  /**
   * Kills the processes that a worker that is gone has left behind. Called by a thread that a close
   * waits for.
   *
   * @param atEnd whether this pool ends too, and handles all its workers at once
   */
  void killLeftBehind(WorkerProcess worker, boolean atEnd) {
    if (PrivateDirectory.hasAnyOf(worker.pid())) {
      poolsLeft = true;
    }
    if (atEnd) {
      return;
    }
    List<ProcessHandle> killed = Reaper.killMarked(worker.mark());
    foreignMarks.remove(worker.mark());
    // The worker's own folders may be deleted by now: the workers of its pools delete them as they
    // end. But a process that was killed meanwhile, by one of these or here, has left the folders
    // of its own pools.
    if (poolsLeft || !killed.isEmpty()) {
      poolsLeft = false;
      startHelper("fornada-worker-exit", () -> sweepAfter(killed));
    }
  }

  /**
   * Deletes the folders of the pools of a worker that is gone, and those of the pools that workers
   * of such pools had.
   */
  private static void sweepAfter(List<ProcessHandle> killed) {
    Reaper.awaitEnd(killed);
    PrivateDirectory.sweep(PrivateDirectory.bases());
  }

  /**
   * Starts a thread that a close waits for. Called only while another such thread runs. Waits for
   * room in the heap.
   */
  void startHelper(String name, Runnable body) {
    awaitedThreads.incrementAndGet();
    boolean started = false;
    try {
      while (!started) {
        started = isStarted(name, body);
      }
    } finally {
      if (!started) {
        awaitedThreadEnded();
      }
    }
  }

  /** Returns whether there was memory for it; waits for a moment if not. */
  private boolean isStarted(String name, Runnable body) {
    try {
      startSoon(
          name,
          () -> {
            try {
              body.run();
            } finally {
              awaitedThreadEnded();
            }
          });
      return true;
    } catch (OutOfMemoryError e) {
      HeapShortage.await(e);
      return false;
    }
  }

  /**
   * Starts one of this pool's own threads as soon as the system can create one: for work that must
   * be done and can wait.
   */
  void startSoon(String name, Runnable body) {
    try {
      var _ = startThread(name, body);
    } catch (OutOfMemoryError e) { // no memory for another thread
      later(NO_THREAD_PAUSE, () -> startSoon(name, body));
    }
  }

  /** Called when a thread that a close waits for has ended. */
  void awaitedThreadEnded() {
    if (awaitedThreads.decrementAndGet() == 0) {
      lastThreadEnded();
    }
  }

  private void lastThreadEnded() {
    try {
      printer.finish(options.policy().grace());
      closeUp();
    } finally { // whatever the system refuses, the pool ends
      // not when the JVM exits: the exit hook does this after whatever the slots still do
      guard.close();
      ExitHooks.remove(exitHook);
      terminated();
    }
  }

  PoolStats stats() {
    return new PoolStats(
        slots.stream().map(WorkerSlot::stats).toList(), supply.spareCount(), hasWork());
  }

  /**
   * Called when the pool's handle is no longer reachable; accepted items are still run. Does not
   * wait.
   */
  void forgotten() {
    shutdownUnasked();
  }

  /** Called when this JVM exits while the pool is open. */
  private void onExit() {
    Duration grace = options.life().exitGrace();
    if (grace.isPositive() && finishes(grace)) {
      return;
    }
    exiting = true; // written before the workers are killed, so that they are not replaced
    String why =
        grace.isPositive()
            ? JVM_EXITS + GRACE_OVER + Durations.inWords(grace) + " was over"
            : JVM_EXITS;
    for (WorkerSlot slot : slots) {
      slot.killNow(why);
    }
    supply.killSpares(why);
    withinLimit(() -> endAccepted(why));
    closeUp();
  }

  /**
   * Hooks of the program may wait for what was accepted: all of it ends, and no more is accepted.
   */
  private void endAccepted(String why) {
    shutdownUnasked();
    breaks(
        new WorkerStartException(
            "no worker runs this any more, " + why, null, WorkerStartException.Kind.CALLED_OFF));
    hurry(); // retries find the pool broken
  }

  /**
   * Runs on the way out what takes locks that threads of the user take too. One that died of a full
   * stack may have left such a lock held, and the JVM must exit all the same.
   */
  private static void withinLimit(Runnable action) {
    Thread thread;
    try {
      thread = OwnThreads.daemon("fornada-exit-calls").start(action);
    } catch (OutOfMemoryError e) { // or no thread could be started
      action.run();
      return;
    }
    try {
      var _ = thread.join(LOCKS_AT_EXIT);
    } catch (InterruptedException e) {
      // other code wants this thread to end soon
    }
  }

  /** Waits for accepted items; returns whether all have ended in time, and the pool with them. */
  private boolean finishes(Duration grace) {
    if (!options.life().openInGrace()) {
      withinLimit(this::shutdownUnasked);
    }
    try {
      return awaitTermination(grace.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      return false; // other code wants this thread to end soon
    }
  }

  private void closeUp() {
    Mappings.remove(this);
    Spaces.end(this);
    handover.close();
    buffers.close();
    handshakeServer.close();
    List<ProcessHandle> killed = Reaper.killMarked(directory.getFileName() + "/");
    // Each mark costs one pass over all processes; there are seldom many marks.
    foreignMarks.forEach(mark -> killed.addAll(Reaper.killMarked(mark)));
    PrivateDirectory.delete(directory);
    if (poolsLeft || !killed.isEmpty()) {
      sweepAfter(killed);
    }
  }
}
