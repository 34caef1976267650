package io.github.fornada.pipeline;

import io.github.fornada.jvm.Durations;
import io.github.fornada.jvm.Fifo;
import io.github.fornada.jvm.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What stands between two stages. Places are reserved before an item is begun, so whoever has an
 * item can always put it here, without waiting and without a lock: it goes to an inbox, which the
 * one who takes sorts.
 *
 * <p>Two orders keep anyone from waiting for ever. Who puts, puts first and then looks whether the
 * taker is hungry; who takes, says that it is hungry first and then looks at the inbox once more.
 * Who frees places, frees first and then looks whether the giver wants room; the giver says so
 * first and then tries to reserve once more.
 *
 * <p>An open batch frees no place while it waits to be filled. So it is made at once where ended
 * items behind it leave less room than the giver is told of; and a giver that was refused a place
 * because of what was not sorted is told when that has gone to a batch.
 */
final class ItemQueue {
  /** The most items that may make one. */
  static final int MAX_BATCH = 1 << 28;

  /** So few that one and a half times as many are still a number. Never reached. */
  private static final int MAX_PLACES = 2 * MAX_BATCH;

  /** How long a result may lie here while its worker goes on with others that take no time. */
  private static final Duration SOON = Duration.ofMillis(1); // Guess

  /** A taker that was told of an item is not told of others before: they may come in a row. */
  private static final long REST_NANOS = 50_000; // Guess

  /** Whether items are taken in the order of their places. Written before the first item. */
  private boolean ordered;

  /** How many items make one; 0 where each stays one. */
  private final int batchSize;

  private final Duration batchWait;

  private Taker taker = new Nobody();
  private Giver giver = new Nobody();

  /** Places in use: reserved, or with an item here. */
  private final AtomicInteger used = new AtomicInteger();

  /** Written by the stages beside it. */
  private volatile int limit;

  /** The item put last; each knows the one before it. */
  private final AtomicReference<@Nullable Item> inbox = new AtomicReference<>();

  /** Whether the taker has found nothing, and must be told. */
  private final AtomicBoolean hungry = new AtomicBoolean(true);

  /** When the taker was told last. Written by who tells it; a hint. */
  private volatile long toldNanos = System.nanoTime() - REST_NANOS;

  /** Whether a look for a hungry taker is due. */
  private final AtomicBoolean lookDue = new AtomicBoolean();

  /** Written once, under lock; read by any. */
  private volatile boolean inputEnded;

  private final ReentrantLock lock = new ReentrantLock();

  // ---- guarded by lock

  private final Fifo<Item> ready = new Fifo<>();

  /** Ordered: what came before its turn, at its place: an item, or a list of those of one place. */
  private @Nullable Object[] ring = new @Nullable Object[16];

  /** The place whose turn it is. Written under lock, read by any. */
  private volatile long turn;

  /** The first item from the inbox that is not sorted yet; each knows the next. */
  private @Nullable Item unsorted;

  /** Places that were freed by the sorting, and nobody was told. */
  private int freedBySort;

  /** How many items of the list at the place whose turn it is were taken. */
  private int caughtUp;

  /** Whether the giver found no room because of what was not sorted yet. */
  private boolean awaitsSort;

  /** Counts what the giver may wait for beside free places. */
  private long news;

  /** Items that will be one. */
  private final List<Item> open = new ArrayList<>();

  /** Ended items that come after those. */
  private final List<Item> afterOpen = new ArrayList<>();

  /** When the first item of the open batch came. */
  private long openSince;

  /** Looks at the open batch when it may be due. One for all batches, as most are full before. */
  private @Nullable Future<?> look;

  /** By how many items fewer there are since some were made one. */
  private long merged;

  /** The most that waited to be taken. */
  private int deepest;

  /** The same, since somebody looked. */
  private int deepestSinceLook;

  ItemQueue(int batchSize, Duration batchWait, int limit) {
    this.batchSize = batchSize;
    this.batchWait = batchWait;
    this.limit = atLeastTwoBatches(limit);
  }

  private int atLeastTwoBatches(int places) {
    return Math.clamp(2L * batchSize, Math.min(places, MAX_PLACES), MAX_PLACES);
  }

  /** Before the first item. */
  void joins(Giver from, Taker to) {
    giver = from;
    taker = to;
  }

  /** Before the first item. */
  void keepsOrder() {
    ordered = true;
  }

  /** Nothing more will be put. Called without a lock. */
  void inputEnds() {
    lock.lock();
    try {
      free(sort());
      closeBatch();
      looksNoMore();
      inputEnded = true;
    } finally {
      lock.unlock();
    }
    taker.wake();
  }

  /** Whether all that will ever come has been put. */
  boolean hasEnded() {
    return inputEnded;
  }

  ReentrantLock lock() {
    return lock;
  }

  boolean isOrdered() {
    return ordered;
  }

  // ---- places

  int limit() {
    return limit;
  }

  /** There are so many places from now on. Called without a lock. */
  void limit(int places) {
    int before = limit;
    limit = atLeastTwoBatches(places);
    if (batchSize == 0 || limit >= before) {
      return;
    }
    lock.lock();
    try {
      if (!isCrowded()) {
        return;
      }
      closeBatch();
    } catch (OutOfMemoryError e) {
      // The taker tries it again.
    } finally {
      lock.unlock();
    }
    tellOfBatch();
  }

  /** Whether so much room is worth waking who waits for it. */
  static boolean isRoomAgain(int room, int limit) {
    return room >= Math.max(1, limit / 4);
  }

  int used() {
    return used.get();
  }

  /** Reserves at most {@code most} places; returns how many. */
  int reserve(int most) {
    return reserve(most, limit);
  }

  /** Reserves at most {@code most} places as long as fewer than {@code cap} are in use. */
  int reserve(int most, int cap) {
    while (true) {
      int now = used.get();
      int n = Math.min(most, cap - now);
      if (n <= 0) {
        return 0;
      }
      if (used.compareAndSet(now, now + n)) {
        return n;
      }
    }
  }

  /**
   * Reserves a place for what an item makes whose turn it is, where those behind it have taken all:
   * when there was room for more, or by now there is for less. Only it can make them move, so what
   * counts is how much of what had its turn still waits here.
   */
  boolean reserveInTurn() {
    lock.lock();
    try {
      if (hasUnsorted()) {
        awaitsSort = true; // it may be for an open batch, and free no place
        return false;
      }
      if (ready.size() + open.size() >= Math.max(1, limit / 2)) {
        return false; // the taker takes those, and frees places then
      }
      var _ = used.incrementAndGet();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Frees places; {@link #tellGiver} is to follow, without a lock. */
  void free(int places) {
    if (places > 0) {
      used.addAndGet(-places);
    }
  }

  /** Tells the giver if it waits for room, and there is some. Called without a lock. */
  void tellGiver() {
    int places = limit;
    if (giver.wantsRoom(places - used.get(), places)) {
      giver.roomAgain();
    }
  }

  /**
   * Returns a number that is another one when it is the turn of another place, or what the giver
   * was refused for was sorted: it is to be told then, though no place is free. Under the lock.
   */
  long news() {
    return news;
  }

  /** Whether it is the turn of this place. */
  boolean isTurnOf(long place) {
    return turn == place;
  }

  // ---- putting

  /** Puts an item for which a place is reserved. Never waits; {@link #tellTaker} is to follow. */
  void put(Item item) {
    Item before;
    do {
      before = inbox.get();
      item.link = before;
    } while (!inbox.compareAndSet(before, item));
  }

  /** Tells the taker if it waits. Called without a lock. */
  void tellTaker() {
    if (hungry.get() && hungry.compareAndSet(true, false)) {
      toldNanos = System.nanoTime();
      taker.wake();
    }
  }

  /**
   * Tells the taker if it waits, at once if it was not told lately: so it hears of a single item
   * without delay, and of many in a row not of each.
   */
  void tellTakerIfIdle() {
    if (hungry.get()) {
      long now = System.nanoTime();
      if (now - toldNanos > REST_NANOS) {
        tellTaker();
      } else {
        tellTakerSoon();
      }
    }
  }

  /** As {@link #tellTaker}, within a moment: more may come, and one wake-up is enough for all. */
  void tellTakerSoon() {
    if (hungry.get() && lookDue.compareAndSet(false, true)) {
      try {
        var _ = Timer.tryAfter(SOON, this::tellTakerNow);
      } catch (OutOfMemoryError e) {
        tellTakerNow();
      }
    }
  }

  private void tellTakerNow() {
    lookDue.set(false); // before the look: who puts later sees to another
    tellTaker();
  }

  // ---- taking. All under lock.

  /** The taker waits from now on. Returns whether it must look again. */
  boolean becomesHungry() {
    hungry.set(true);
    return hasUnsorted();
  }

  void isNotHungry() {
    hungry.set(false);
  }

  /** Whether something came that was not sorted yet. */
  boolean hasUnsorted() {
    return inbox.get() != null || unsorted != null || isInTurn();
  }

  /** Whether what has its turn is still in the ring: there was no memory to take it from there. */
  private boolean isInTurn() {
    return ordered && ring[(int) (turn % ring.length)] != null;
  }

  /**
   * Sorts what is in the inbox. Returns how many places were freed.
   *
   * @throws OutOfMemoryError where there is no memory; the next call goes on from there
   */
  int sort() {
    if (inbox.get() != null) {
      append(inbox.getAndSet(null));
    }
    if (unsorted == null && freedBySort == 0 && !isInTurn() && !isBatchDue() && !isLookDue()) {
      return 0;
    }
    while (sortOne()) {}
    if (awaitsSort) {
      awaitsSort = false;
      news++;
    }
    int waiting = ready.size() + open.size();
    deepest = Math.max(deepest, waiting);
    deepestSinceLook = Math.max(deepestSinceLook, waiting);
    int freed = freedBySort;
    freedBySort = 0;
    return freed;
  }

  /** Puts the items of an inbox behind those that are to be sorted. */
  private void append(@Nullable Item last) {
    Item end = unsorted;
    while (end != null && end.link != null) { // there are some only after a lack of memory
      end = end.link;
    }
    Item first = null;
    while (last != null) { // the last one put is the first of the inbox
      Item before = last.link;
      last.link = first;
      first = last;
      last = before;
    }
    if (end == null) {
      unsorted = first;
    } else {
      end.link = first;
    }
  }

  /**
   * Does one step of the sorting; returns false if there is none. What a step changes, it changes
   * when it has all the memory that it needs: it can be tried again.
   */
  private boolean sortOne() {
    if (isBatchDue()) {
      closeBatch();
      return true;
    }
    if (isLookDue()) {
      lookLater();
    }
    Object there = ring[(int) (turn % ring.length)]; // none where there is no order
    if (there != null) {
      catchUp(there);
      return true;
    }
    Item item = unsorted;
    if (item == null) {
      return false;
    }
    if (!ordered) {
      add(item);
    } else if (item.place != turn) {
      keepForItsTurn(item);
    } else {
      add(item);
      if (item.kind != Item.Kind.PART) {
        turn(turn + 1);
      }
    }
    unsorted = item.link;
    item.link = null;
    return true;
  }

  private void keepForItsTurn(Item item) {
    while (item.place - turn >= ring.length) {
      grow();
    }
    int at = (int) (item.place % ring.length);
    Object there = ring[at];
    if (there instanceof List<?> list) {
      asItems(list).add(item);
    } else if (item.kind == Item.Kind.PART) {
      var list = new ArrayList<Item>();
      list.add(item);
      ring[at] = list;
    } else {
      ring[at] = item;
    }
  }

  @SuppressWarnings("unchecked") // lists in the ring are of items
  private static List<Item> asItems(List<?> list) {
    return (List<Item>) list;
  }

  /** Takes one item from the place in the ring whose turn it is. */
  private void catchUp(Object there) {
    if (there instanceof Item item) {
      add(item);
      leaveRing(item);
      return;
    }
    List<Item> all = asItems((List<?>) there);
    add(all.get(caughtUp));
    caughtUp++;
    if (caughtUp == all.size()) {
      leaveRing(all.getLast());
    }
  }

  /** The place is empty; if its last item is a part, the rest comes directly. */
  private void leaveRing(Item last) {
    ring[(int) (turn % ring.length)] = null;
    caughtUp = 0;
    if (last.kind != Item.Kind.PART) {
      turn(turn + 1);
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written under lock only
  private void turn(long place) {
    turn = place;
    news++;
  }

  private void grow() {
    var larger = new @Nullable Object[ring.length * 2];
    for (long k = turn; k < turn + ring.length; k++) {
      larger[(int) (k % larger.length)] = ring[(int) (k % ring.length)];
    }
    ring = larger;
  }

  /** An item has its turn. */
  private void add(Item item) {
    if (item.kind == Item.Kind.END) {
      freedBySort += item.slots;
    } else if (batchSize == 0) {
      ready.add(item);
    } else if (item.outcome == null) {
      open.add(item);
      if (open.size() == 1) {
        openSince = System.nanoTime();
      }
    } else if (open.isEmpty() || !ordered) {
      ready.add(item);
    } else {
      afterOpen.add(item); // it comes after the batch that those before it are in
    }
  }

  /** Whether the open batch is full, or can wait no longer for what would fill it. */
  private boolean isBatchDue() {
    return batchSize > 0 && (open.size() == batchSize || isCrowded());
  }

  /** Whether somebody must look at the open batch when it has waited long enough. */
  private boolean isLookDue() {
    return look == null && !open.isEmpty();
  }

  /**
   * Whether ended items leave the open batch so few places that it may never be filled: who waits
   * for room is not told of less than {@link #isRoomAgain}.
   */
  private boolean isCrowded() {
    int places = limit;
    return !afterOpen.isEmpty()
        && !isRoomAgain(places - (batchSize - 1) - afterOpen.size(), places);
  }

  /** Closes the open batch if it has waited long enough; else looks again when it has. */
  private void lookAtBatch() {
    lock.lock();
    try {
      look = null;
      if (open.isEmpty()) {
        return; // the first item of the next one sees to another look
      }
      if (waitLeft() > 0) {
        lookLater();
        return;
      }
      closeBatch();
    } catch (OutOfMemoryError e) {
      // The taker tries it again.
    } finally {
      lock.unlock();
    }
    tellOfBatch();
  }

  private void lookLater() {
    look = Timer.tryAfter(Duration.ofNanos(Math.max(0, waitLeft())), this::lookAtBatch);
  }

  /** How long the open batch may still wait to be filled, in nanoseconds. */
  private long waitLeft() {
    return Durations.nanos(batchWait) - (System.nanoTime() - openSince);
  }

  /** No batch will be due. Else a run that has ended might be kept for as long as one may wait. */
  void looksNoMore() {
    lock.lock();
    try {
      if (look != null) {
        look.cancel(false);
        look = null;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Tells the taker of a batch that was closed by another. Called without a lock. */
  private void tellOfBatch() {
    hungry.set(false);
    taker.wake();
  }

  /** Makes one item of those that are in the open batch. */
  void closeBatch() {
    ready.reserve(1 + afterOpen.size());
    if (!open.isEmpty()) {
      var values = new ArrayList<@Nullable Object>(open.size());
      int slots = 0;
      for (Item item : open) {
        values.add(item.value);
        slots += item.slots;
      }
      var batch = new Item(values, Item.originsOf(open));
      batch.slots = slots;
      ready.add(batch);
      merged += open.size() - 1;
      open.clear();
    }
    for (Item item : afterOpen) {
      ready.add(item);
    }
    afterOpen.clear();
  }

  /** The items that wait to be taken, in their order. */
  Fifo<Item> ready() {
    return ready;
  }

  /**
   * Whether all that is here waits for an item that comes before it and is not here yet. Called
   * without the lock, or with that of the queue before.
   */
  boolean awaitsTurn() {
    if (!ordered) {
      return false;
    }
    lock.lock();
    try {
      return ready.isEmpty()
          && open.isEmpty()
          && ring[(int) (turn % ring.length)] == null
          && !hasItsTurn(unsorted)
          && !hasItsTurn(inbox.get());
    } finally {
      lock.unlock();
    }
  }

  /** Whether one of these has its turn. Under the lock, under which alone an inbox is taken. */
  private boolean hasItsTurn(@Nullable Item items) {
    for (Item item = items; item != null; item = item.link) {
      if (item.place == turn) {
        return true;
      }
    }
    return false;
  }

  /** Whether nothing is here; also nothing whose turn has not come. */
  boolean isEmpty() {
    if (!ready.isEmpty() || !open.isEmpty() || hasUnsorted()) {
      return false;
    }
    return !ordered || hasNoneBeforeItsTurn();
  }

  private boolean hasNoneBeforeItsTurn() {
    for (Object there : ring) {
      if (there != null) {
        return false;
      }
    }
    return true;
  }

  /** Returns all that is here, also what has not had its turn; in order, gaps left out. */
  List<Item> inOrder() {
    var _ = sort();
    var all = new ArrayList<Item>(ready);
    all.addAll(open);
    all.addAll(afterOpen);
    for (int k = 0; k < ring.length; k++) {
      Object there = ring[(int) ((turn + k) % ring.length)];
      if (there instanceof Item item) {
        all.add(item);
      } else if (there instanceof List<?> list) {
        all.addAll(asItems(list));
      }
    }
    all.removeIf(item -> item.kind == Item.Kind.END);
    return all;
  }

  /** Takes out all that is here. */
  void clear() {
    ready.clear();
    open.clear();
    afterOpen.clear();
    Arrays.fill(ring, null);
    caughtUp = 0;
  }

  @Override
  public String toString() {
    lock.lock();
    try {
      return ready.size()
          + " ready, "
          + open.size()
          + " in a batch, "
          + used.get()
          + " of "
          + limit
          + " places used, turn "
          + turn
          + (hasUnsorted() ? ", unsorted ones" : "")
          + (hungry.get() ? ", hungry" : "");
    } finally {
      lock.unlock();
    }
  }

  /** By how many items fewer can be taken than were put, because batches were made of them. */
  long merged() {
    lock.lock();
    try {
      return merged + open.size(); // these are none yet
    } finally {
      lock.unlock();
    }
  }

  /** How many could be taken now: those in an open batch cannot. */
  int takeable() {
    lock.lock();
    try {
      return ready.size();
    } finally {
      lock.unlock();
    }
  }

  /** How many wait to be taken; for figures. */
  int depth() {
    lock.lock();
    try {
      return ready.size() + open.size();
    } finally {
      lock.unlock();
    }
  }

  /** The most that waited to be taken since this was called last. */
  int deepestSinceLook() {
    lock.lock();
    try {
      int most = deepestSinceLook;
      deepestSinceLook = ready.size() + open.size();
      return most;
    } finally {
      lock.unlock();
    }
  }

  /** The most that waited to be taken is counted from now on. Under the lock. */
  void beginAnew() {
    deepest = ready.size() + open.size();
  }

  /** The most that waited to be taken, since it was counted anew. */
  int deepest() {
    lock.lock();
    try {
      return deepest;
    } finally {
      lock.unlock();
    }
  }

  /** Before the queue is joined. */
  private static final class Nobody implements Taker, Giver {
    @Override
    public void wake() {}

    @Override
    public boolean wantsRoom(int room, int limit) {
      return false;
    }

    @Override
    public void roomAgain() {}
  }
}
