package io.github.fornada.pipeline;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.Callbacks;
import io.github.fornada.jvm.Fifo;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.Timer;
import io.github.fornada.spi.FedCall;
import io.github.fornada.spi.Taken;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A stage that runs: takes items from its queue for the workers of its pool, and puts what they
 * make of them in the next queue.
 *
 * <p>No worker ever waits here. The pool is given an item only when the next queue has a place for
 * what it becomes.
 */
final class Stage implements FedCall.Feed, Taker, Giver {
  /** Results of one item after which the next stage is told. */
  private static final int TELL_EVERY = 64; // Guess

  /**
   * With less work than this, in nanoseconds, to wake another worker takes longer than to do it.
   */
  private static final double WORTH_WAKING = 50_000; // Guess

  /** After this time it is woken all the same. */
  private static final Duration OFFER_AFTER = Duration.ofMillis(1); // Guess

  private final PipelineEngine engine;
  private final String name;
  private final Pool pool;
  private final boolean ownsPool;
  private final boolean isFlat;
  private final ItemQueue in;
  private final ItemQueue out;
  private final FedCall call;
  private final StageFigures figures = new StageFigures();

  /**
   * Takes what is made in this JVM as it is when it is made; null for the last stage, and where it
   * becomes part of a batch first. Written before the start.
   */
  private @Nullable FedCall next;

  /** How many workers it has. Written by the monitor. */
  private volatile int size;

  /** Whether that may change. Written before the start. */
  private boolean sized;

  /** Requests to {@link #turnOver}; whoever makes it more than 0 does it. */
  private final AtomicInteger requests = new AtomicInteger();

  /** Whether the pool is about to be told of work. */
  private final AtomicBoolean offerDue = new AtomicBoolean();

  /** The mean time of an item; 0 while unknown. Written by workers; the last write wins. */
  private volatile double meanNanos;

  /**
   * Whether the heap had no room for what was to be done beside the work itself: the {@link
   * Monitor} sees to it then.
   */
  private volatile boolean owesTurnOver;

  /** Whether another thread is about to turn over. */
  private final AtomicBoolean turnOverDue = new AtomicBoolean();

  /** Whether items wait that may not be begun, because the next queue is full. */
  private volatile boolean starved;

  /** Items in the two lists below. Written under the lock of `in`; read by any. */
  private volatile int unfinished;

  /** Written once, within {@link #turnOver}. */
  private volatile boolean complete;

  // ---- guarded by the lock of `in`

  /** The place in the order for the next item that is taken. */
  private long nextPlace;

  /** Whether places were freed, or there is other news for the giver, and nobody was told. */
  private boolean owesGiver;

  /** Items that stopped half-way for lack of room, and go on in a worker. */
  private final Fifo<Item> halfWay = new Fifo<>();

  /** Items of which a worker JVM has made all, not all of it passed on. */
  private final Fifo<FlatCursor> made = new Fifo<>();

  /**
   * Whether what waits here stays until it is taken out, after a stop: who was told of work before
   * that may come late, and what it moved then would be where nobody looks any more.
   */
  private boolean isEnding;

  Stage(
      PipelineEngine engine,
      String name,
      Pool pool,
      boolean ownsPool,
      boolean isFlat,
      TaskFunction<@Nullable Object, @Nullable Object> function,
      ItemQueue in,
      ItemQueue out) {
    this.engine = engine;
    this.name = name;
    this.pool = pool;
    this.size = pool.workers();
    this.ownsPool = ownsPool;
    this.isFlat = isFlat;
    this.in = in;
    this.out = out;
    this.call = FedCall.on(pool, function, this);
  }

  String name() {
    return name;
  }

  Pool pool() {
    return pool;
  }

  boolean ownsPool() {
    return ownsPool;
  }

  /**
   * What it makes goes to the pool of {@code call}. Workers elsewhere give copies anyway. Before
   * the start.
   */
  void handsOverTo(FedCall call) {
    if (pool.model() != ExecutionModel.PROCESSES && pool.model() != ExecutionModel.CLUSTER) {
      next = call;
    }
  }

  /** Returns a value as the next stage takes it. May run user code. */
  @Nullable Object handedOver(@Nullable Object value) {
    FedCall to = next;
    return to == null ? value : to.handOver(value);
  }

  /** How many workers it has now. */
  int size() {
    return size;
  }

  /** Whether it may have more or fewer. */
  boolean isSized() {
    return sized;
  }

  /** Its pool can have more workers than these, with which it begins. Before the start. */
  void canBeSized(int first) {
    sized = call.limitWorkers(first);
    if (sized) {
      size = first;
    }
  }

  /** It has so many workers from now on. Called without a lock. */
  void size(int workers) {
    var _ = call.limitWorkers(workers); // first: it may have fewer
    size = workers;
  }

  FedCall call() {
    return call;
  }

  ItemQueue in() {
    return in;
  }

  StageFigures figures() {
    return figures;
  }

  /**
   * How many items have ended in it. Of an item that becomes many nothing is kept once it ends, so
   * there those that run now are included.
   */
  long endedItems() {
    return isFlat
        ? figures.taken.sum()
        : figures.passedOn.sum()
            + figures.dropped.sum()
            + figures.failed.sum()
            - figures.cancelled.sum();
  }

  /** Keeps for the history how many items have waited since this was called last. */
  void lookAtQueue(long now) {
    figures.history().look(now, in.deepestSinceLook(), size);
  }

  /** What it did when, up to some moment. */
  List<StageMoment> history(long end) {
    lookAtQueue(end); // what has waited since the monitor looked
    return figures.history().moments(end);
  }

  /** Nothing more will come. Called without a lock. */
  void inputEnds() {
    in.lock().lock();
    try {
      figures.inputEnds();
    } finally {
      in.lock().unlock();
    }
    in.inputEnds();
  }

  boolean waitsForRoom() {
    return starved;
  }

  /** The threads of this JVM that run items now. */
  List<Thread> threadsAtWork() {
    var threads = new ArrayList<Thread>();
    for (Object tag : call.begun()) {
      Thread runner = ((Item) tag).runner;
      if (runner != null) {
        threads.add(runner);
      }
    }
    return threads;
  }

  // ---- the pool takes

  @Override
  public void take(int most, Taken into) {
    in.lock().lock();
    try {
      takeLocked(most, into);
    } finally {
      in.lock().unlock();
    }
  }

  private void takeLocked(int most, Taken into) {
    sort();
    int waiting = workable(most);
    // What needs memory comes before anything is taken.
    int room = (int) Math.min(most, (long) waiting + halfWay.size());
    var items = new @Nullable Object[room];
    var tags = new @Nullable Object[room];
    prepare(Math.min(room, waiting));
    int again = unfinished == 0 ? 0 : takeHalfWay(items, tags);
    while (waiting == 0 && again == 0 && in.becomesHungry()) {
      in.isNotHungry();
      sort();
      waiting = workable(most);
      room = waiting;
      items = new @Nullable Object[room];
      tags = new @Nullable Object[room];
      prepare(room);
    }
    int wanted = Math.min(room - again, waiting);
    int n = reserve(wanted);
    if (n == 0 && again == 0) {
      if (owesGiver || (wanted == 0 && !in.ready().isEmpty())) {
        turnOverSoon(); // not here, under the pool's locks
      }
      waits(wanted > 0 || unfinished > 0);
      return;
    }
    figures.becomes(StageFigures.Idle.NO);
    int places = 0;
    for (int k = again; k < again + n; k++) {
      Item item = in.ready().remove();
      places += item.slots;
      begin(item);
      items[k] = item.value;
      tags[k] = item;
    }
    in.free(places);
    figures.taken.add(n);
    into.put(items, tags, again + n);
    owesGiver = false; // the pool calls taken() now, which tells it
  }

  /** Sorts what has come. The giver is to be told if that freed places or was news for it. */
  private void sort() {
    long news = in.news();
    try {
      int freed = in.sort();
      in.free(freed);
      owesGiver |= freed > 0;
    } finally { // where there is no memory, some may be sorted
      owesGiver |= in.news() != news;
    }
  }

  /** Gives the first {@code n} items that wait what they need to be begun. */
  private void prepare(int n) {
    if (!isFlat) {
      return;
    }
    Iterator<Item> waiting = in.ready().iterator();
    for (int k = 0; k < n; k++) {
      Item item = waiting.next();
      if (item.cursor == null) { // else it was prepared before, and not begun
        item.cursor = new FlatCursor(this, item);
      }
    }
  }

  private void begin(Item item) {
    item.place = nextPlace++;
    item.kind = Item.Kind.WHOLE;
    item.slots = 1;
    item.runner = null;
  }

  /** How many of the items in front may be begun; those that have ended only pass by. */
  private int workable(int most) {
    int n = 0;
    for (Item item : in.ready()) {
      if (n == most || item.outcome != null) {
        break;
      }
      n++;
    }
    return n;
  }

  /** Reserves places for items that are not begun yet. */
  private int reserve(int wanted) {
    if (wanted == 0) {
      return 0;
    }
    // What was begun goes first, or those after it might take every place that it needs.
    int cap = unfinished > 0 ? out.limit() / 2 : out.limit();
    int n = out.reserve(wanted, cap);
    if (n == 0) {
      starved = true; // before the second try: who frees a place after it sees that
      n = out.reserve(wanted, cap);
      starved = n == 0;
    }
    return n;
  }

  /** Nothing can be begun now. */
  private void waits(boolean forRoom) {
    figures.becomes(
        !forRoom
            ? StageFigures.Idle.FOR_INPUT
            : out.awaitsTurn() ? StageFigures.Idle.FOR_TURN : StageFigures.Idle.FOR_ROOM);
  }

  /** Takes items that go on from half-way, as many as there is room for; returns how many. */
  private int takeHalfWay(@Nullable Object[] items, @Nullable Object[] tags) {
    int n = 0;
    for (int k = halfWay.size(); k > 0 && n < items.length; k--) {
      Item item = halfWay.remove();
      if (reserveFor(item)) {
        cursor(item).goesOn();
        items[n] = item.value;
        tags[n] = item;
        n++;
        unfinished(-1);
      } else {
        halfWay.add(item); // in the place that it has left
      }
    }
    return n;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // under lock
  private void unfinished(int change) {
    unfinished += change;
  }

  private static FlatCursor cursor(Item item) {
    FlatCursor cursor = item.cursor;
    if (cursor == null) {
      throw new AssertionError("an item of another stage");
    }
    return cursor;
  }

  @Override
  public boolean hasMore() {
    in.lock().lock();
    try {
      // Not whether there is room: only take tells the queue behind that it waits for some.
      return unfinished > 0 || in.hasUnsorted() || workable(1) > 0;
    } finally {
      in.lock().unlock();
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Where another worker is free, the next item is for that one, not only for those that run. So
   * either it is called, or the queue is hungry: whoever takes the last item leaves it so.
   */
  @Override
  public void taken() {
    in.tellGiver();
    boolean isFree = call.hasFreeWorker();
    boolean hasEnded;
    boolean more = false;
    double waiting = 0;
    in.lock().lock();
    try {
      Item front = in.ready().peek();
      hasEnded = front != null && front.outcome != null;
      if (isFree && !hasEnded) {
        more = front != null || in.becomesHungry();
        waiting = in.ready().size() * meanNanos;
      }
    } finally {
      in.lock().unlock();
    }
    if (hasEnded) {
      turnOver();
    } else if (more && !starved) {
      if (waiting >= WORTH_WAKING || meanNanos == 0) {
        call.offer();
      } else {
        offerSoon(); // those that run will have taken it by then, unless they are held up
      }
    }
  }

  private void offerSoon() {
    if (offerDue.compareAndSet(false, true)) {
      try {
        var _ = Timer.tryAfter(OFFER_AFTER, this::offerIfMore);
      } catch (OutOfMemoryError e) {
        offerDue.set(false);
        owesTurnOver = true;
      }
    }
  }

  private void offerIfMore() {
    offerDue.set(false); // before the look: what comes later sees to another
    if (hasMore()) {
      call.offer();
    }
  }

  // ---- a worker works

  @Override
  public @Nullable Object attempt(Object tag) {
    return ((Item) tag).cursor;
  }

  @Override
  public @Nullable Object apply(
      TaskFunction<@Nullable Object, @Nullable Object> function,
      Object tag,
      @Nullable Object attempt,
      @Nullable Object item)
      throws Exception {
    ((Item) tag).runner = Thread.currentThread();
    if (!(attempt instanceof FlatCursor cursor)) {
      return handedOver(function.apply(item));
    }
    FlatCursor outer = FlatCursor.current(); // a task may run another within it
    FlatCursor.enter(cursor);
    cursor.begins();
    if (cursor.hasCalledPool) {
      call.callsItself(); // so that the pool goes on where the item waits for what it asked it for
    }
    try {
      return function.apply(item);
    } finally {
      cursor.hasCalledPool |= call.hasCalledItself();
      FlatCursor.enter(outer);
      if (cursor.leaves()) {
        closeStream(cursor);
      }
    }
  }

  /** Closes what the items of an attempt come from, which is user code. */
  private static void closeStream(FlatCursor cursor) {
    while (true) {
      try {
        Callbacks.run(null, cursor::closeStream);
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  /** Reserves a place for one more of what the item becomes. */
  boolean reserveFor(Item parent) {
    int limit = out.limit();
    // Whose turn it is, the others wait for: they must leave it room, and it may take some more.
    int cap =
        !out.isOrdered() ? limit : out.isTurnOf(parent.place) ? limit + limit / 2 + 1 : limit / 2;
    return out.reserve(1, cap) > 0
        || (out.isOrdered() && out.isTurnOf(parent.place) && out.reserveInTurn());
  }

  /** Passes on one of what the item becomes, in the place reserved for it. */
  void passOn(Item parent, @Nullable Object value, String worker) {
    var child = new Item(value, parent.origin);
    child.place = parent.place;
    child.kind = Item.Kind.PART;
    child.stage = this;
    child.worker = worker;
    figures.passedOn.increment();
    out.put(child); // last: where there is no memory for the others, nothing was passed on
  }

  /** So many of what an item becomes are passed on by now. */
  void passedOn(long count) {
    if (count % TELL_EVERY == 0) {
      out.tellTaker();
    } else {
      out.tellTakerIfIdle();
    }
  }

  // ---- a worker is done

  /** {@inheritDoc} What it passes on, it does after all that needs memory. */
  @Override
  public boolean canBeToldAgain() {
    return true;
  }

  @Override
  public void outOfMemory(OutOfMemoryError e) {
    engine.outOfMemory(e);
  }

  @Override
  public void done(Object tag, @Nullable Object value, String worker, boolean isLast) {
    Item item = (Item) tag;
    item.worker = worker;
    if (value == FlatFunction.End.HALF_WAY) {
      goesOnLater(item);
    } else if (value instanceof FlatList(ArrayList<@Nullable Object> all)) {
      cursor(item).made(all);
      passOnLater(cursor(item));
    } else if (isFlat) {
      endOfMany(item);
    } else if (value == Dropped.DROPPED) {
      figures.dropped.increment();
      nothingOf(item, true);
    } else {
      item.value = value;
      item.stage = this;
      figures.passedOn.increment();
      out.put(item);
    }
    if (isLast) {
      out.tellTaker();
    } else {
      out.tellTakerIfIdle();
    }
  }

  /** Nothing more will come of the item; its place in the queue may be free again. */
  private void nothingOf(Item item, boolean hasSlot) {
    if (out.isOrdered()) {
      item.kind = Item.Kind.END;
      item.value = null;
      item.slots = hasSlot ? 1 : 0;
      out.put(item);
    } else if (hasSlot) {
      out.free(1);
      out.tellGiver();
    }
  }

  private void endOfMany(Item item) {
    nothingOf(item, cursor(item).close());
  }

  private void goesOnLater(Item item) {
    in.lock().lock();
    try {
      halfWay.add(item);
      unfinished(1);
    } finally {
      in.lock().unlock();
    }
    out.tellTaker();
    turnOver(); // there may be room by now
  }

  private void passOnLater(FlatCursor cursor) {
    in.lock().lock();
    try {
      made.add(cursor);
      unfinished(1);
    } finally {
      in.lock().unlock();
    }
    turnOver();
  }

  @Override
  public void ended(Object tag, Outcome<?> outcome, String worker) {
    Item item = (Item) tag;
    item.outcome = outcome;
    item.stage = this;
    item.worker = worker;
    item.slots = 1;
    figures.failed.increment();
    if (outcome instanceof Outcome.Cancelled) {
      figures.cancelled.increment();
    } else {
      engine.failed(this, item);
    }
    if (isFlat) {
      FlatCursor cursor = cursor(item);
      if (!cursor.close()) {
        item.slots = 0; // what it has passed on has its place
      }
      closeIfItRests(cursor);
    }
    out.put(item);
    out.tellTaker();
  }

  /** It may have been on its way to go on from half-way. */
  private static void closeIfItRests(FlatCursor ended) {
    if (ended.restsForGood()) {
      closeStream(ended);
    }
  }

  @Override
  public boolean mayRetry(Object tag) {
    Item item = (Item) tag;
    FlatCursor failed = item.cursor;
    if (failed == null) {
      return true;
    }
    FlatCursor next;
    try {
      next = new FlatCursor(this, item); // the thread of a given-up attempt keeps the old one
    } catch (OutOfMemoryError e) {
      return false; // there is no memory for another attempt
    }
    if (!failed.closeUnused()) {
      return false; // nothing is passed on twice
    }
    closeIfItRests(failed);
    item.cursor = next;
    return true;
  }

  @Override
  public void batchClosed() {
    out.tellTaker();
    if (in.hasEnded()) {
      turnOver();
    }
    if (engine.isStopped()) {
      try {
        engine.lookIfQuiet();
      } catch (OutOfMemoryError e) {
        owesTurnOver = true;
      }
    }
  }

  @Override
  public void ran(int count, long nanos, String worker) {
    try {
      figures.ran(count, nanos, worker);
      meanNanos = figures.meanNanos();
      engine.ran(this, meanNanos);
    } catch (OutOfMemoryError e) {
      // A figure is missed.
    }
  }

  @Override
  public void restarted(String worker, long from, long to) {
    try {
      figures.restarted(worker, from, to);
    } catch (OutOfMemoryError e) {
      // A figure is missed.
    }
  }

  @Override
  public void usedCpu(long nanos) {
    figures.usedCpu(nanos);
  }

  @Override
  public String label(Object tag, String item) {
    return ((Item) tag).place() + " (" + item + ") in stage \"" + name + "\"";
  }

  @Override
  public void refused() {
    engine.poolWasShutDown(this);
  }

  // ---- the queues

  @Override
  public void wake() {
    turnOver();
  }

  @Override
  public boolean wantsRoom(int room, int limit) {
    // What is half-way may go beyond the limit when it is its turn.
    return unfinished > 0 || (starved && ItemQueue.isRoomAgain(room, limit));
  }

  @Override
  public void roomAgain() {
    starved = false;
    turnOver();
  }

  /**
   * Does all that is to be done beside the work itself: items that have ended pass by, what was
   * made is passed on, the pool is told of work, and both queues of what has become of them.
   *
   * <p>It leads to calls of itself, by way of the stages beside it: then whoever is at it goes
   * round once more. So it never runs twice at a time, nor within itself.
   */
  private void turnOver() {
    if (requests.getAndIncrement() == 0) {
      int seen = 1;
      do {
        seen = requests.get();
        try {
          turnOverOnce();
        } catch (OutOfMemoryError e) {
          owesTurnOver = true; // not here: only the calling thread may be able to make room
        } catch (RuntimeException | Error e) { // what waits must not wait for ever
          Log.get()
              .log(System.Logger.Level.ERROR, "stage \"" + name + "\" of a pipeline failed", e);
          engine.stop("stage \"" + name + "\" failed: " + e, e);
        }
      } while (requests.addAndGet(-seen) != 0);
    }
  }

  private void turnOverSoon() {
    if (turnOverDue.compareAndSet(false, true)) {
      try {
        var _ = Timer.tryAfter(Duration.ZERO, this::turnOverNow);
      } catch (OutOfMemoryError e) {
        turnOverDue.set(false);
        owesTurnOver = true;
      }
    }
  }

  private void turnOverNow() {
    turnOverDue.set(false); // before it is done: what comes later sees to another
    turnOver();
  }

  /** Does what the heap had no room for. Called by the monitor from time to time. */
  void settle() {
    if (owesTurnOver) {
      owesTurnOver = false; // before it is done: what comes later sees to another
      turnOver();
      out.tellTaker();
      if (engine.isStopped()) {
        engine.lookIfQuiet();
      }
    }
  }

  private void turnOverOnce() {
    boolean gives = passOnMade();
    boolean frees;
    boolean work;
    in.lock().lock();
    try {
      long place = nextPlace;
      sortAndPassBy();
      work = !halfWay.isEmpty() || workable(1) > 0;
      // Hungry first, then the look at the inbox: who puts does it the other way round.
      while (!work && in.becomesHungry()) {
        in.isNotHungry();
        sortAndPassBy();
        work = workable(1) > 0;
      }
      // Told only of what has changed: else the two beside each other would tell for ever.
      gives |= nextPlace != place;
      frees = owesGiver;
      owesGiver = false;
    } finally {
      in.lock().unlock();
    }
    if (gives) {
      out.tellTaker();
    }
    if (frees) {
      in.tellGiver();
    }
    if (work) {
      call.offer();
    }
    if (in.hasEnded() && !complete && isAllDone()) {
      out.tellTaker();
      engine.completed(this);
      complete = true; // where there was no memory for that, it is done again
    }
  }

  private void sortAndPassBy() {
    sort();
    int freed = passBy();
    in.free(freed);
    owesGiver |= freed > 0;
  }

  /** Items that have ended go on to the next queue as they are. Returns the places freed. */
  private int passBy() {
    int freed = 0;
    while (true) {
      Item front = in.ready().peek();
      if (front == null || front.outcome == null || isEnding) {
        return freed;
      }
      if (out.reserve(1) == 0) {
        starved = true; // before the second try
        if (out.reserve(1) == 0) {
          return freed;
        }
        starved = false;
      }
      in.ready().remove();
      freed += front.slots;
      front.place = nextPlace++;
      front.kind = Item.Kind.WHOLE;
      front.slots = 1;
      out.put(front);
    }
  }

  /** Returns whether it has passed on something. */
  private boolean passOnMade() {
    if (unfinished == 0) {
      return false;
    }
    while (true) {
      FlatCursor cursor = null;
      in.lock().lock();
      try {
        for (int k = made.size(); k > 0 && cursor == null; k--) {
          FlatCursor first = made.first();
          boolean isAll = first.passOnMade();
          var _ = made.remove();
          if (isAll) {
            unfinished(-1);
            cursor = first;
          } else {
            made.add(first); // in the place that it has left
          }
        }
      } finally {
        in.lock().unlock();
      }
      if (cursor == null) {
        return true;
      }
      endOfMany(cursor.parent());
    }
  }

  /** Whether every item that came has gone on. */
  private boolean isAllDone() {
    in.lock().lock();
    try {
      if (!in.isEmpty() || unfinished > 0) {
        return false;
      }
    } finally {
      in.lock().unlock();
    }
    return call.isIdle() && isStillEmpty(); // what a worker had may be half-way now
  }

  private boolean isStillEmpty() {
    in.lock().lock();
    try {
      return in.isEmpty() && unfinished == 0;
    } finally {
      in.lock().unlock();
    }
  }

  /** Where it stands, for those who look for what holds it up. */
  @Override
  public String toString() {
    return name
        + ": "
        + in
        + (starved ? ", waits for room" : "")
        + (unfinished > 0 ? ", " + unfinished + " items half-way" : "")
        + ", "
        + call.begun().size()
        + " begun"
        + (in.hasEnded() ? ", no more input" : "")
        + (complete ? ", complete" : "");
  }

  // ---- the end

  /**
   * After a stop, when no worker has any item any more: what was half-way ends, in its place in the
   * next queue. From then on nothing goes on from here by itself.
   */
  void endUnfinished(String reason) {
    var cancelled = new Outcome.Cancelled<>(reason);
    List<Item> ending;
    in.lock().lock();
    try {
      ending = new ArrayList<>(halfWay);
      for (FlatCursor cursor : made) {
        ending.add(cursor.parent());
      }
      halfWay.clear(); // now that there was memory for all
      made.clear();
      unfinished(-unfinished);
      isEnding = true;
    } finally {
      in.lock().unlock();
    }
    for (Item item : ending) {
      FlatCursor cursor = cursor(item);
      var _ = cursor.close();
      closeStream(cursor);
      cancel(item, cancelled);
      item.kind = Item.Kind.WHOLE;
      out.put(item);
    }
  }

  /**
   * After a stop: takes out the items that wait here. Those that had not ended have now, and the
   * stage that they waited for counts them. Where there is no memory for that, it can be called
   * again.
   */
  void takeAll(String reason, Fifo<Item> into) {
    var cancelled = new Outcome.Cancelled<>(reason);
    List<Item> all = inOrder();
    for (Item item : all) {
      if (item.outcome == null) {
        FedCall.release(item.value);
        cancel(item, cancelled);
        item.worker = "";
      }
    }
    in.lock().lock();
    try {
      into.reserve(all.size());
      all.forEach(into::addLast); // cannot fail any more
      in.clear();
    } finally {
      in.lock().unlock();
    }
  }

  private List<Item> inOrder() {
    in.lock().lock();
    try {
      return in.inOrder();
    } finally {
      in.lock().unlock();
    }
  }

  private void cancel(Item item, Outcome<?> cancelled) {
    item.outcome = cancelled;
    item.stage = this;
    figures.failed.increment();
    figures.cancelled.increment();
  }

  /** The most workers at a time, and the items that the pool takes ahead for them. */
  static int begunAtOnce(Pool pool) {
    return pool.model() == ExecutionModel.PROCESSES || pool.model() == ExecutionModel.CLUSTER
        ? (int) Math.min(3L * pool.workers(), Integer.MAX_VALUE)
        : pool.workers();
  }
}
