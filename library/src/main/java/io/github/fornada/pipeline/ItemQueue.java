package io.github.fornada.pipeline;

import io.github.fornada.jvm.Durations;
import io.github.fornada.jvm.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
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

  private final ArrayDeque<Item> ready = new ArrayDeque<>();

  /** Ordered: what came before its turn, at its place: an item, or a list of those of one place. */
  private @Nullable Object[] ring = new @Nullable Object[16];

  /** The place whose turn it is. Written under lock, read by any. */
  private volatile long turn;

  /** Whether the giver found no room because of what was not sorted yet. */
  private boolean awaitsSort;

  /** Counts what the giver may wait for beside free places. */
  private long news;

  /** Items that will be one. */
  private List<Item> open = new ArrayList<>();

  /** Ended items that come after those. */
  private List<Item> afterOpen = new ArrayList<>();

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
      if (inbox.get() != null) {
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
      var _ =
          Timer.after(
              SOON,
              () -> {
                lookDue.set(false); // before the look: who puts later sees to another
                tellTaker();
              });
    }
  }

  // ---- taking. All under lock.

  /** The taker waits from now on. Returns whether it must look again. */
  boolean becomesHungry() {
    hungry.set(true);
    return inbox.get() != null;
  }

  void isNotHungry() {
    hungry.set(false);
  }

  /** Whether something came that was not sorted yet. */
  boolean hasUnsorted() {
    return inbox.get() != null;
  }

  /** Sorts what is in the inbox. Returns how many places were freed. */
  int sort() {
    if (inbox.get() == null) {
      return 0;
    }
    Item last = inbox.getAndSet(null);
    Item first = null;
    while (last != null) { // the last one put is the first of the inbox
      Item before = last.link;
      last.link = first;
      first = last;
      last = before;
    }
    int freed = 0;
    while (first != null) {
      Item next = first.link;
      first.link = null;
      freed += ordered ? sort(first) : add(first);
      first = next;
    }
    if (awaitsSort) {
      awaitsSort = false;
      news++;
    }
    int waiting = ready.size() + open.size();
    deepest = Math.max(deepest, waiting);
    deepestSinceLook = Math.max(deepestSinceLook, waiting);
    return freed;
  }

  private int sort(Item item) {
    if (item.place == turn) {
      int freed = add(item);
      if (item.kind == Item.Kind.PART) {
        return freed;
      }
      turn(turn + 1);
      return freed + catchUp();
    }
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
    return 0;
  }

  @SuppressWarnings("unchecked") // lists in the ring are of items
  private static List<Item> asItems(List<?> list) {
    return (List<Item>) list;
  }

  /** Takes from the ring what has its turn now. */
  private int catchUp() {
    int freed = 0;
    while (true) {
      int at = (int) (turn % ring.length);
      Object there = ring[at];
      if (there == null) {
        return freed;
      }
      ring[at] = null;
      if (there instanceof Item item) {
        freed += add(item);
      } else {
        List<Item> all = asItems((List<?>) there);
        for (Item item : all) {
          freed += add(item);
        }
        if (all.getLast().kind == Item.Kind.PART) {
          return freed; // the rest comes directly
        }
      }
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

  /** An item has its turn. Returns how many places were freed. */
  private int add(Item item) {
    if (item.kind == Item.Kind.END) {
      return item.slots;
    }
    if (batchSize == 0) {
      ready.add(item);
    } else if (item.outcome != null) {
      if (open.isEmpty() || !ordered) {
        ready.add(item);
      } else {
        afterOpen.add(item); // it comes after the batch that those before it are in
        if (isCrowded()) {
          closeBatch();
        }
      }
    } else {
      open.add(item);
      if (open.size() == batchSize) {
        closeBatch();
      } else if (open.size() == 1) {
        openSince = System.nanoTime();
        if (look == null) {
          look = Timer.after(batchWait, this::lookAtBatch);
        }
      }
    }
    return 0;
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
      long left = Durations.nanos(batchWait) - (System.nanoTime() - openSince);
      if (left > 0) {
        look = Timer.after(Duration.ofNanos(left), this::lookAtBatch);
        return;
      }
      closeBatch();
    } finally {
      lock.unlock();
    }
    tellOfBatch();
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
      open = new ArrayList<>();
    }
    ready.addAll(afterOpen);
    afterOpen = new ArrayList<>();
  }

  /** The items that wait to be taken, in their order. */
  ArrayDeque<Item> ready() {
    return ready;
  }

  /** Whether nothing is here; also nothing whose turn has not come. */
  boolean isEmpty() {
    if (!ready.isEmpty() || !open.isEmpty() || inbox.get() != null) {
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

  /** Takes out all that is here, also what has not had its turn; in order, gaps left out. */
  List<Item> takeAll() {
    var _ = sort();
    var all = new ArrayList<Item>(ready);
    ready.clear();
    all.addAll(open);
    open = new ArrayList<>();
    all.addAll(afterOpen);
    afterOpen = new ArrayList<>();
    for (int k = 0; k < ring.length; k++) {
      int at = (int) ((turn + k) % ring.length);
      Object there = ring[at];
      ring[at] = null;
      if (there instanceof Item item) {
        all.add(item);
      } else if (there instanceof List<?> list) {
        all.addAll(asItems(list));
      }
    }
    all.removeIf(item -> item.kind == Item.Kind.END);
    return all;
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
          + (inbox.get() == null ? "" : ", unsorted ones")
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
