package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.OwnGroup;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.host.Nesting;
import io.github.fornada.process.host.OrphanGuard;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.launch.Launcher;
import io.github.fornada.process.payload.BufferFiles;
import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.MappedSharedBytes;
import io.github.fornada.process.payload.Mappings;
import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.Segment;
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.spi.Batch;
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
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link ProcessPool} is a handle of: its workers and its queue. Threads, tasks and timers
 * refer to this and never to the handle, so that a pool that everybody has forgotten can be told
 * from one that is only idle.
 */
final class Engine extends AbstractPool implements Mappings.Listener {
  private static final int MOST_START_FAILURES = 3;

  /** Kills say little of the next try, unless there are many in a row. */
  private static final int MOST_START_KILLS = 12;

  private static final String NOT_OPENED = "because its pool could not be opened";

  static final String JVM_EXITS = "because the JVM that had opened the pool was exiting";

  /** How often ages and memory are looked at, if there are bounds on them. */
  private static final Duration MONITORING = Duration.ofMillis(100);

  /** The others are started by the threads of their slots, all at once. */
  private static final int MOST_BEGUN_FIRST = 4; // Guess

  /** Until another thread is asked for where there was none to be had. */
  private static final Duration NO_THREAD_PAUSE = Duration.ofMillis(100); // Guess

  private final ProcessOptions options;
  private final List<Path> bases;
  private final Path directory;
  private final HandshakeServer handshakeServer;
  private final OrphanGuard guard;
  private final Launcher launcher;
  private final ClassServer classes;
  private final BufferFiles buffers = new BufferFiles(this::directory);
  private final Handover handover;
  private final List<WorkerSlot> slots = new ArrayList<>();
  private final Set<Thread> ownThreads = ConcurrentHashMap.newKeySet();
  private final WorkerSupply supply;
  private final Set<WorkerStart> starts = ConcurrentHashMap.newKeySet();
  private final Quarantine quarantine;

  /** Where workers are taken from while there are any; null for none. */
  private final @Nullable WorkerReserve reserve;

  /** Marks of workers from the reserve, which do not begin as those of this pool's own. */
  private final Set<String> foreignMarks = ConcurrentHashMap.newKeySet();

  /** Threads that a close waits for: one for each slot, and helpers. */
  private final AtomicInteger awaitedThreads;

  private final AtomicInteger workerNumbers = new AtomicInteger();
  private final AtomicInteger startFailures = new AtomicInteger();
  private final AtomicInteger startKills = new AtomicInteger();

  /** When the last counted failure was. Guarded by startFailures. */
  private long lastStartFailure;

  private final AtomicInteger sharedNumbers = new AtomicInteger();
  private final AtomicInteger nextSlot = new AtomicInteger();
  private final AtomicBoolean balancing = new AtomicBoolean();
  private final AtomicBoolean swept = new AtomicBoolean();
  private final Thread exitHook;
  private final boolean growsOnDemand;

  /** Set once: no worker can be started, and why. */
  private volatile @Nullable WorkerStartException broken;

  private volatile boolean ending;

  /**
   * The JVM exits: no worker is to come any more, for its folder goes. Written by the exit hook.
   */
  private volatile boolean exiting;

  private volatile boolean stopping;

  /**
   * Whether a worker that is gone has left pools of its own. Written by threads that see it off.
   */
  private volatile boolean poolsLeft;

  private Engine(ProcessOptions options, List<Path> bases, @Nullable WorkerReserve reserve)
      throws IOException {
    super(ExecutionModel.PROCESSES, options.workers(), options.policy());
    this.reserve = reserve;
    this.options = options;
    this.handover = new Handover(options.launch().codec(), this);
    this.quarantine = new Quarantine(options.policy().retries());
    this.awaitedThreads = new AtomicInteger(options.workers());
    this.growsOnDemand = options.life().minWorkers() >= 0;
    this.bases = bases;
    this.directory = PrivateDirectory.create(bases, options.workers());
    // What is to be undone if it fails half-way, the last first.
    var undo = new ArrayDeque<Runnable>();
    undo.push(() -> PrivateDirectory.delete(directory));
    try {
      this.guard = new OrphanGuard(directory);
      undo.push(guard::close);
      this.launcher = new Launcher(options.launchSettings(), directory, guard);
      // Their JVMs boot while all else is made ready.
      var begun = new ArrayList<WorkerStart>();
      undo.push(() -> begun.forEach(WorkerStart::abandon));
      beginFirst(begun);
      var _ = startThread("fornada-guard", guard::start);
      this.handshakeServer = new HandshakeServer(directory.resolve(HandshakeServer.NAME));
      undo.push(handshakeServer::close);
      this.classes = new ClassServer(options.launch().classFiles());
      options.policy().carriers().forEach(c -> classes.add(c.getClass().getClassLoader()));
      handover.prepareSetUp(WorkerStart.nameOf(options.launch()), options.launch().setUp());
      handover.prepareSetUp("codec", options.launch().codec());
      this.exitHook = new Thread(this::onExit, "fornada-exit");
      addShutdownHook(exitHook);
      undo.push(this::removeExitHook);
      for (int i = 0; i < options.workers(); i++) {
        slots.add(new WorkerSlot(this, i));
      }
      Mappings.add(this);
      undo.push(() -> Mappings.remove(this));
      this.supply = new WorkerSupply(this, options.life().spares(), begun);
      undo.push(this::giveUp);
      slots.forEach(WorkerSlot::start);
      supply.refill();
      if (options.life().maxAge() != null || options.life().residentLimit() != null) {
        monitorSoon();
      }
    } catch (Throwable e) { // no memory for one more thread, say
      undo.forEach(Runnable::run);
      throw e;
    }
  }

  /** Some slots have started, and not all: there will be no pool. */
  private void giveUp() {
    exiting = true;
    slots.forEach(WorkerSlot::end);
    slots.forEach(slot -> slot.killNow(NOT_OPENED));
    supply.killSpares(NOT_OPENED);
  }

  /** As the runtime's, with what it means here. */
  static void addShutdownHook(Thread hook) {
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      var ending =
          new IllegalStateException(
              "no worker JVMs can be started any more: this JVM is shutting down");
      // Mostly nobody's fault, but Ctrl-C at this moment: a stack on the terminal tells nothing.
      ending.setStackTrace(new StackTraceElement[0]);
      throw ending;
    }
  }

  private void removeExitHook() {
    try {
      Runtime.getRuntime().removeShutdownHook(exitHook);
    } catch (IllegalStateException e) {
      // The JVM is shutting down: the hook runs, and finds nothing left to do.
    }
  }

  private void beginFirst(List<WorkerStart> begun) {
    int min = options.life().minWorkers();
    int lasting = min < 0 ? options.workers() : Math.min(min, options.workers());
    for (int i = 0; i < Math.min(lasting, MOST_BEGUN_FIRST); i++) {
      begun.add(WorkerStart.begin(this, launcher, nextWorkerNumber()));
    }
  }

  /** What can be done as well while the first worker's JVM boots; nothing after that. */
  void whileTheFirstBoots(Segment segment) {
    if (!swept.getAndSet(true)) {
      ClassPreloader.warmUp(segment);
      PrivateDirectory.sweep(bases);
      CodecSessions.warmUp(options.launch().codec());
    }
  }

  /** With the places where its private folder may be, best first. */
  static Engine open(ProcessOptions options, List<Path> bases, @Nullable WorkerReserve reserve) {
    Nesting.check();
    try {
      return new Engine(options, bases, reserve);
    } catch (IOException e) {
      throw new UncheckedIOException("the process pool could not be opened: " + e.getMessage(), e);
    }
  }

  // ---- what AbstractPool asks for

  @Override
  protected void workAvailable() {
    WorkerStartException reason = broken;
    if (reason != null) {
      failAll(reason);
      return;
    }
    // Always the same worker first, if it idles: of tasks that come one by one it is the one that
    // has just run the last, and still looks out for the next.
    if (feed(0, true) || feed(nextSlot.getAndIncrement(), false)) {
      return;
    }
    if (growsOnDemand && hasWork()) {
      slots.forEach(WorkerSlot::demand);
    }
  }

  /**
   * Where every worker is at quick items, their results will ask for more in a moment, and take all
   * that has come until then at once.
   */
  @Override
  protected void moreAvailable() {
    for (WorkerSlot slot : slots) {
      if (!slot.dispatcher().willAskSoon()) {
        workAvailable();
        return;
      }
    }
  }

  /** Offers work to the slots, or to those whose worker idles; true if none is left. */
  private boolean feed(int first, boolean idleOnly) {
    for (int i = 0; i < slots.size(); i++) {
      WorkerSlot slot = slots.get(Math.floorMod(first + i, slots.size()));
      if ((!idleOnly || slot.dispatcher().isIdle()) && slot.dispatcher().feed() && !hasWork()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether another item would be begun at once: by a worker that has nothing to do, or by one that
   * is started for it. A guess, without locks.
   */
  boolean seemsFreeSomewhere() {
    for (WorkerSlot slot : slots) {
      if (slot.dispatcher().isIdle() || (growsOnDemand && !slot.dispatcher().isOpen())) {
        return true;
      }
    }
    return false;
  }

  @Override
  protected void cancel(Batch<?, ?> batch, int i, String reason) {
    for (WorkerSlot slot : slots) {
      if (slot.dispatcher().cancel(batch, i)) {
        return;
      }
    }
  }

  @Override
  protected void cancelAll(String reason) {
    stopping = true; // before the slots are looked at: what is on its way to one sees it afterwards
    for (WorkerSlot slot : slots) {
      slot.dispatcher().stopAll(reason);
    }
    callOffStarts();
  }

  /** Workers that are starting are not wanted any more. */
  private void callOffStarts() {
    starts.forEach(WorkerStart::callOff);
  }

  @Override
  protected void onQuiet() {
    ending = true;
    // An initializer may end, as any exit may, but not keep a close waiting for a whole start.
    later(WorkerProcess.EXIT_LIMIT, this::callOffStarts);
    supply.close();
    for (WorkerSlot slot : slots) {
      slot.end();
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

  /** The waiting thread reads results itself for a moment: it saves two changes of threads. */
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
    if (item != null && Payloads.largeArray(item) != null) {
      for (WorkerSlot slot : slots) {
        if (slot.dispatcher().announce(item)) {
          break;
        }
      }
    }
    Object handed = handover.item(item);
    if (isTask && item != null && handed instanceof HandedItem copy && copy.failure() != null) {
      throw NotSendableException.rejected(item, copy.failure());
    }
    return handed;
  }

  @Override
  protected TaskFunction<?, ?> handOver(TaskFunction<?, ?> function, List<?> parts) {
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

  // ---- for the slots

  ProcessOptions options() {
    return options;
  }

  Launcher launcher() {
    return launcher;
  }

  Path directory() {
    return directory;
  }

  /** Sees to it that the folder that a new worker needs is there: somebody may have deleted it. */
  void restoreDirectory() throws IOException {
    if (isEnding()) {
      return; // it goes
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

  BufferFiles buffers() {
    return buffers;
  }

  /** A payload's file will not be read any more; null for none. */
  void discard(@Nullable String file) {
    if (file != null && !buffers.release(file)) {
      PayloadFiles.deleteQuietly(directory.resolve(file));
    }
  }

  /** The workers are to unmap what they have mapped under this sentinel file. */
  @Override
  public void unmapped(String sentinel) {
    for (WorkerSlot slot : slots) {
      slot.unmap(sentinel);
    }
  }

  ClassServer classes() {
    return classes;
  }

  boolean isEnding() {
    return ending || exiting;
  }

  boolean isStopping() {
    return stopping;
  }

  /** Whether it makes sense to start a worker: for what is stopped none is needed. */
  boolean mayStart() {
    return broken == null && !stopping;
  }

  /** A start that may be called off, until it has {@linkplain #startEnded ended}. */
  void startBegins(WorkerStart start) {
    starts.add(start);
    if (stopping) { // after it was added, as cancelAll looks at them after it has set that
      start.callOff();
    }
  }

  void startEnded(WorkerStart start) {
    starts.remove(start);
  }

  WorkerSupply supply() {
    return supply;
  }

  /** A worker's JVM that has booted already; null if there is none. */
  WorkerReserve.@Nullable Reserved takeReserved() {
    WorkerReserve.Reserved taken = reserve == null ? null : reserve.take();
    if (taken != null) {
      foreignMarks.add(taken.mark());
      guard.add(taken.process());
    }
    return taken;
  }

  void isExiting(WorkerProcess worker) {
    for (WorkerSlot slot : slots) {
      slot.isExiting(worker);
    }
  }

  int nextWorkerNumber() {
    return workerNumbers.incrementAndGet();
  }

  @Nullable Batch<?, ?> take(int most) {
    Batch<?, ?> batch = poll(most);
    while (batch != null && quarantine.refuses(batch) && batch.isClosed()) {
      batch = poll(most); // nothing of it is left to be run
    }
    return batch;
  }

  /** What has cost too many workers. */
  Quarantine quarantine() {
    return quarantine;
  }

  boolean hasMore() {
    return hasWork();
  }

  void putBack(Batch<?, ?> batch) {
    giveBack(batch);
  }

  /** Gives {@link AbstractPool#message} to this package. */
  static String said(Supplier<String> words, String otherwise) {
    return message(words, otherwise);
  }

  void report(TaskEvent event) {
    if (isObserved()) {
      tell(event);
    }
  }

  static void later(Duration pause, Runnable action) {
    var _ = after(pause, action);
  }

  /** As later, but can be taken back, which also lets go of what it would have used. */
  static Future<?> unlessCancelled(Duration pause, Runnable action) {
    return after(pause, action);
  }

  /** Starts one of this pool's own threads, which must not wait for the pool. */
  Thread startThread(String name, Runnable body) {
    Thread thread =
        Thread.ofPlatform()
            .group(OwnGroup.get())
            .daemon()
            .name(name)
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
    startFailures.set(0);
    startKills.set(0);
  }

  /**
   * Returns how long to wait before the next try; null if there is no point in trying on. Workers
   * that fail at the same moment count once.
   */
  @Nullable Duration workerFailedToStart(WorkerStartException e, long began) {
    if (isEnding()) {
      return Duration.ZERO; // it says nothing, and there will be no other
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
        || failures >= (killed ? MOST_START_KILLS : MOST_START_FAILURES)) {
      breaks(e);
      return null;
    }
    // A memory that is too small for the initializer kills at each try: tell it within seconds.
    return Duration.ofMillis(100L << Math.min(failures, 3));
  }

  /**
   * Returns how long to wait after a slot has failed {@code times} in a row, though workers start;
   * null if there is no point in trying on.
   */
  @Nullable Duration slotFailed(Throwable e, int times) {
    if (times < MOST_START_FAILURES || isEnding()) {
      return Duration.ofMillis(100L << Math.min(times, 3));
    }
    breaks(
        new WorkerStartException(
            "the pool cannot serve its workers: " + e, e, WorkerStartException.Kind.FAILED));
    return null;
  }

  /** There will be no workers any more: items fail. */
  private void breaks(WorkerStartException reason) {
    broken = reason;
    failAll(reason);
  }

  /** No worker will ever run these. */
  private void failAll(WorkerStartException reason) {
    for (Batch<?, ?> batch = poll(64); batch != null; batch = poll(64)) {
      for (int i = batch.claim(); i >= 0; i = batch.claim()) {
        fail(batch, i, reason);
      }
    }
  }

  private static <R> void fail(Batch<?, R> batch, int i, Throwable reason) {
    batch.end(i, new Outcome.Failed<>(reason), null);
  }

  /**
   * To be called when a worker has become idle, and when one has got more than one item: if then
   * one idles while another has items it has not begun, some of them will soon move. Whichever
   * comes second of the two sees the other.
   */
  void balanceSoon() {
    if (isUneven() && balancing.compareAndSet(false, true)) {
      later(Dispatcher.PATIENCE, this::balance);
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
    later(
        MONITORING,
        () -> {
          if (!ending) {
            slots.forEach(WorkerSlot::monitor);
            monitorSoon();
          }
        });
  }

  /** Sees a worker off that has nothing to do, without keeping anybody waiting but a close. */
  void dismiss(WorkerProcess worker) {
    startHelper(
        "fornada-worker-exit",
        () -> {
          worker.askToExit();
          DeathCertificate certificate = ExitDiagnosis.certify(worker, worker.awaitExit(), null);
          report(TaskEvent.WorkerEnded.of(certificate, true, System.nanoTime()));
          ProcessEvents.workerEnded(certificate, true);
          worker.close();
          killOffspring(worker, false);
        });
  }

  /**
   * Ends what a worker that is gone has left behind. Called by a thread that a close waits for.
   *
   * @param atEnd whether this pool ends too, and sees to all its workers at once
   */
  void killOffspring(WorkerProcess worker, boolean atEnd) {
    if (PrivateDirectory.hasAnyOf(worker.pid())) {
      poolsLeft = true;
    }
    if (atEnd) {
      return;
    }
    List<ProcessHandle> killed = Reaper.killMarked(worker.mark());
    foreignMarks.remove(worker.mark());
    // Its own folders may be gone by now: the workers of its pools delete them as they end. But who
    // was killed meanwhile, by one of these or here, has left the folders of its own pools.
    if (poolsLeft || !killed.isEmpty()) {
      poolsLeft = false;
      startHelper("fornada-worker-exit", () -> sweepAfter(killed));
    }
  }

  /**
   * Deletes the folders of the pools of a worker that is gone, and those of the workers of such
   * pools, who may have had pools too.
   */
  private static void sweepAfter(List<ProcessHandle> killed) {
    Reaper.awaitEnd(killed);
    PrivateDirectory.sweep(PrivateDirectory.bases());
  }

  /** Starts a thread that a close waits for. Called only while another such thread runs. */
  void startHelper(String name, Runnable body) {
    awaitedThreads.incrementAndGet();
    boolean whole = false;
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
      whole = true;
    } finally {
      if (!whole) {
        awaitedThreadEnded();
      }
    }
  }

  /**
   * Starts one of this pool's own threads, as soon as the system has one to give: for what must be
   * done, and can wait.
   */
  void startSoon(String name, Runnable body) {
    try {
      var _ = startThread(name, body);
    } catch (OutOfMemoryError e) { // no memory for one more thread
      later(NO_THREAD_PAUSE, () -> startSoon(name, body));
    }
  }

  /** A thread that a close waits for has ended. */
  void awaitedThreadEnded() {
    if (awaitedThreads.decrementAndGet() == 0) {
      closeUp();
      guard.close(); // not when the JVM exits: what slots may do meanwhile, it sees to afterwards
      removeExitHook();
      terminated();
    }
  }

  PoolStats stats() {
    return new PoolStats(
        slots.stream().map(WorkerSlot::stats).toList(), supply.spareCount(), hasWork());
  }

  /** Nobody can reach the pool any more; what was accepted is done. Does not wait. */
  void forgotten() {
    shutdownUnasked();
  }

  /** This JVM exits while the pool is open. */
  private void onExit() {
    Duration grace = options.life().exitGrace();
    if (grace.isPositive() && finishes(grace)) {
      return;
    }
    exiting = true; // before the workers are killed, and would be replaced
    for (WorkerSlot slot : slots) {
      slot.killNow(JVM_EXITS);
    }
    supply.killSpares(JVM_EXITS);
    closeUp();
  }

  /** Whether all that was accepted is done in time, and the pool has ended with it. */
  private boolean finishes(Duration grace) {
    shutdownUnasked();
    try {
      return awaitTermination(grace.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      return false; // somebody is in a hurry
    }
  }

  private void closeUp() {
    Mappings.remove(this);
    handover.close();
    buffers.close();
    handshakeServer.close();
    List<ProcessHandle> killed = Reaper.killMarked(directory.getFileName() + "/");
    // One look at each process for each mark: seldom many.
    foreignMarks.forEach(mark -> killed.addAll(Reaper.killMarked(mark)));
    PrivateDirectory.delete(directory);
    if (poolsLeft || !killed.isEmpty()) {
      sweepAfter(killed);
    }
  }
}
