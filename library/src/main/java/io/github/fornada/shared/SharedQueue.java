package io.github.fornada.shared;

import io.github.fornada.RemoteTaskException;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.shared.memory.Mutex;
import io.github.fornada.shared.memory.Region;
import io.github.fornada.shared.memory.WaitPoint;
import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue through which tasks hand elements to each other, in whichever processes they run.
 * Any number of threads of any number of processes may send and receive. Elements come out in the
 * order in which they went in, each exactly once, and are never null.
 *
 * <p><b>Elements</b> are copied, in every kind of pool: they must be what a task's items may be. An
 * element is encoded by the thread that sends it, and decoded by the one that receives it, with its
 * context class loader. What does not fit into the queue as a whole is refused.
 *
 * <p><b>Deaths.</b> A process that dies while it sends has sent the element or has not; one that
 * dies while it receives has taken the element or has not. An element that a process has taken is
 * gone with it. Nothing else is lost, and nobody is locked out.
 *
 * <p><b>Closing.</b> {@link #close} ends sending: elements in the queue are still received. {@link
 * #closeWithError} ends the queue for both sides at once. A consumer that gives up calls it so that
 * producers do not wait forever. A process that dies closes nothing: if all producers may die,
 * close the queue where the outcomes of their tasks arrive.
 *
 * <p><b>Memory effects.</b> What a thread did before it sent an element, to other shared objects
 * too, is visible to the thread that receives it.
 *
 * <p><b>Interrupts.</b> An interrupted send has sent nothing, an interrupted receive has taken
 * nothing. A method that may wait throws {@link InterruptedException} at once if it has to wait and
 * the calling thread is interrupted already.
 *
 * {@snippet :
 * SharedQueue<Page> pages = SharedSpace.of(pool).queue(1000);
 * pool.submit(site, s -> {
 *   try (pages) { // closes it: the loop below ends
 *     for (Page page : Crawler.crawl(s)) {
 *       pages.send(page);
 *     }
 *   }
 *   return null;
 * });
 * for (Page page : pages) {
 *   index.add(page);
 * }
 * }
 *
 * <p>The idea comes from Python's {@code multiprocessing.Queue}; unlike there, a process that dies
 * in the middle of an operation blocks nobody. The methods are those of {@link
 * io.github.fornada.async.Channel}. Inside, it is the queue with two locks of Michael and Scott
 * (1996).
 *
 * @param <T> the type of the elements
 */
public final class SharedQueue<T> extends SharedObject implements AutoCloseable, Iterable<T> {
  @Serial private static final long serialVersionUID = 1L;

  static final int MAX_CAPACITY = 1_000_000;
  static final long MAX_BYTES = 1L << 40;

  /** Bytes for the error that it was closed with, at the beginning of its content. */
  private static final int ERROR_BYTES = 2048;

  private static final int UNIT = Long.BYTES;

  // A position has the number of elements so far in its upper bits and the number of units so far
  // in
  // its lower bits, each modulo its size, so that both move by one store.
  private static final int COUNT_SHIFT = 40;
  private static final long UNITS = (1L << COUNT_SHIFT) - 1;
  private static final long COUNTS = (1L << 64 - COUNT_SHIFT) - 1;

  // The lines of its page.
  private static final int SENDERS = 1;
  private static final int RECEIVERS = 2;
  private static final int TAIL = 3;
  private static final int HEAD = 4;
  private static final int STATE = 5;

  // OPEN -> DONE -> FAILED, OPEN -> FAILED. Written under the senders' lock.
  private static final long OPEN = 0;
  private static final long DONE = 1;
  private static final long FAILED = 2;

  private final transient Mutex senders;
  private final transient Mutex receivers;
  private final transient WaitPoint tail;
  private final transient WaitPoint head;
  private final transient WaitPoint state;

  SharedQueue(Region region) {
    super(region);
    this.senders = new Mutex(region, SENDERS);
    this.receivers = new Mutex(region, RECEIVERS);
    this.tail = new WaitPoint(region, TAIL);
    this.head = new WaitPoint(region, HEAD);
    this.state = new WaitPoint(region, STATE);
  }

  /**
   * Returns the bytes of a queue's content that holds at least this many bytes of elements. Their
   * number of units is a power of two, so that the place of a position is the same after the
   * numbers of positions have begun anew.
   */
  static long sizeFor(long bytes) {
    return ERROR_BYTES + Long.highestOneBit(2 * bytes - 1);
  }

  // ---- positions

  private static long units(long length) {
    return 1 + (length + UNIT - 1) / UNIT;
  }

  private static long after(long position, long length) {
    long units = (position & UNITS) + units(length) & UNITS;
    return (position >>> COUNT_SHIFT) + 1 << COUNT_SHIFT | units;
  }

  private static long countBetween(long from, long to) {
    return (to >>> COUNT_SHIFT) - (from >>> COUNT_SHIFT) & COUNTS;
  }

  private long allUnits() {
    return (region.byteSize() - Region.PAGE - ERROR_BYTES) / UNIT;
  }

  private boolean hasRoom(long to, long length) {
    long from = head.get();
    return countBetween(from, to) < region.parameter()
        && ((to & UNITS) - (from & UNITS) & UNITS) + units(length) <= allUnits();
  }

  /** Returns where in the memory a unit is. */
  private long placeOf(long position, long unit) {
    return Region.PAGE + ERROR_BYTES + (position + unit & allUnits() - 1) * UNIT;
  }

  // ---- sending

  /**
   * Sends an element; waits while the queue is full.
   *
   * @throws InterruptedException if the thread was interrupted; nothing was sent then
   * @throws SharedQueueClosedException if the queue is closed
   * @throws IllegalArgumentException if the element cannot be encoded, or does not fit
   */
  public void send(T element) throws InterruptedException {
    boolean _ = sendWithin(element, Limits.NONE);
  }

  /**
   * Sends an element if there is room. Does not wait for room.
   *
   * @return whether it was sent
   * @throws SharedQueueClosedException if the queue is closed
   * @throws IllegalArgumentException if the element cannot be encoded, or does not fit
   */
  public boolean trySend(T element) {
    MessageOutput bytes = encoded(element);
    senders.acquireUninterruptibly();
    try {
      requireSending();
      return put(bytes);
    } finally {
      senders.release();
    }
  }

  /**
   * Sends an element; waits at most {@code limit} while the queue is full.
   *
   * @return whether it was sent
   * @throws InterruptedException if the thread was interrupted; nothing was sent then
   * @throws SharedQueueClosedException if the queue is closed
   * @throws IllegalArgumentException if the element cannot be encoded, or does not fit
   */
  public boolean trySend(T element, Duration limit) throws InterruptedException {
    return sendWithin(element, Limits.nanos(limit));
  }

  private boolean sendWithin(T element, long nanos) throws InterruptedException {
    MessageOutput bytes = encoded(element);
    long began = System.nanoTime();
    while (true) {
      if (senders.acquire(left(nanos, began)) == Mutex.NOT_ACQUIRED) {
        return false;
      }
      boolean sent;
      try {
        requireSending();
        sent = put(bytes);
      } finally {
        senders.release();
      }
      if (sent) {
        return true;
      }
      if (!head.await(
          left(nanos, began), () -> hasRoom(tail.get(), bytes.size()) || state.get() != OPEN)) {
        return false;
      }
    }
  }

  /**
   * Sends elements in order; waits while the queue is full. Other threads' elements may come
   * between them. Quicker than as many calls of {@link #send}.
   *
   * @throws InterruptedException if the thread was interrupted; the elements before some place were
   *     sent then
   * @throws SharedQueueClosedException if the queue is closed
   * @throws IllegalArgumentException if an element cannot be encoded, or does not fit; nothing was
   *     sent then
   */
  public void sendAll(Collection<? extends T> elements) throws InterruptedException {
    var encoded = new ArrayList<MessageOutput>(elements.size());
    for (T element : elements) {
      encoded.add(encoded(element));
    }
    int sent = 0;
    while (sent < encoded.size()) {
      long _ = senders.acquire(Limits.NONE);
      try {
        requireSending();
        int before = sent;
        long to = tail.get();
        while (sent < encoded.size() && hasRoom(to, encoded.get(sent).size())) {
          to = write(to, encoded.get(sent++));
        }
        if (sent > before) {
          publish(to);
        }
      } finally {
        senders.release();
      }
      if (sent < encoded.size()) {
        int next = encoded.get(sent).size();
        boolean _ = head.await(Limits.NONE, () -> hasRoom(tail.get(), next) || state.get() != OPEN);
      }
    }
  }

  private MessageOutput encoded(T element) {
    Objects.requireNonNull(element, "element");
    var out = new MessageOutput();
    try {
      Payloads.encode(element, out);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "an element of type " + element.getClass().getName() + " cannot be encoded: " + e, e);
    }
    if (units(out.size()) > allUnits()) {
      throw new IllegalArgumentException(
          "an element of "
              + out.size()
              + " bytes does not fit into a queue of "
              + allUnits() * UNIT
              + " bytes: make the queue with more, by SharedSpace.queue(capacity, bytes)");
    }
    return out;
  }

  private void requireSending() {
    if (state.get() != OPEN) {
      throw closed();
    }
  }

  /** Writes an element if there is room; under the senders' lock. */
  private boolean put(MessageOutput bytes) {
    long to = tail.get();
    if (!hasRoom(to, bytes.size())) {
      return false;
    }
    publish(write(to, bytes));
    return true;
  }

  /** Writes an element that no receiver sees yet; returns the position after it. */
  private long write(long to, MessageOutput bytes) {
    MemorySegment memory = region.segment();
    memory.set(ValueLayout.JAVA_LONG, placeOf(to, 0), bytes.size());
    MemorySegment from = MemorySegment.ofArray(bytes.array());
    long place = placeOf(to, 1);
    long first = Math.min(bytes.size(), region.byteSize() - place);
    MemorySegment.copy(from, 0, memory, place, first);
    MemorySegment.copy(from, first, memory, Region.PAGE + ERROR_BYTES, bytes.size() - first);
    return after(to, bytes.size());
  }

  /** Makes what was written true, by one store; a death before it has sent nothing. */
  private void publish(long to) {
    tail.set(to);
    tail.ringOne();
    if (countBetween(head.get(), to) < region.parameter()) {
      head.ringOne(); // another sender may have room too
    }
  }

  // ---- receiving

  /**
   * Receives an element; waits while there is none.
   *
   * @throws InterruptedException if the thread was interrupted; nothing was taken then
   * @throws SharedQueueClosedException if the queue is closed and has no more
   * @throws UncheckedIOException if the element cannot be decoded here; it is taken all the same
   */
  public T receive() throws InterruptedException {
    return Objects.requireNonNull(receiveWithin(Limits.NONE)); // null only after a limit
  }

  /**
   * Receives an element if there is one. Does not wait for one.
   *
   * @return the element; null if there is none now
   * @throws SharedQueueClosedException if the queue is closed and has no more
   * @throws UncheckedIOException if the element cannot be decoded here; it is taken all the same
   */
  public @Nullable T tryReceive() {
    List<byte[]> taken;
    receivers.acquireUninterruptibly();
    try {
      taken = take(1);
    } finally {
      receivers.release();
    }
    return taken.isEmpty() ? null : decoded(taken.getFirst());
  }

  /**
   * Receives an element; waits at most {@code limit} while there is none.
   *
   * @return the element; null if there was none in that time
   * @throws InterruptedException if the thread was interrupted; nothing was taken then
   * @throws SharedQueueClosedException if the queue is closed and has no more
   * @throws UncheckedIOException if the element cannot be decoded here; it is taken all the same
   */
  public @Nullable T tryReceive(Duration limit) throws InterruptedException {
    return receiveWithin(Limits.nanos(limit));
  }

  private @Nullable T receiveWithin(long nanos) throws InterruptedException {
    List<byte[]> taken = takeWithin(1, nanos);
    return taken.isEmpty() ? null : decoded(taken.getFirst());
  }

  /**
   * Receives at least one element and at most {@code most}; waits while there is none. Quicker than
   * as many calls of {@link #receive}.
   *
   * @throws InterruptedException if the thread was interrupted; nothing was taken then
   * @throws SharedQueueClosedException if the queue is closed and has no more
   * @throws UncheckedIOException if an element cannot be decoded here; they are taken all the same
   */
  public List<T> receiveSome(int most) throws InterruptedException {
    if (most < 1) {
      throw new IllegalArgumentException("most must be at least 1, got " + most);
    }
    var elements = new ArrayList<T>();
    for (byte[] bytes : takeWithin(most, Limits.NONE)) {
      elements.add(decoded(bytes));
    }
    return elements;
  }

  private List<byte[]> takeWithin(int most, long nanos) throws InterruptedException {
    long began = System.nanoTime();
    while (true) {
      if (receivers.acquire(left(nanos, began)) == Mutex.NOT_ACQUIRED) {
        return List.of();
      }
      List<byte[]> taken;
      try {
        taken = take(most);
      } finally {
        receivers.release();
      }
      if (!taken.isEmpty()
          || !tail.await(left(nanos, began), () -> !isEmpty() || state.get() != OPEN)) {
        return taken;
      }
    }
  }

  /** Takes elements that are there; under the receivers' lock. */
  private List<byte[]> take(int most) {
    // Read first: whoever closes it does so after the last element was sent.
    long was = state.get();
    if (was == FAILED) {
      throw closed();
    }
    long from = head.get();
    long to = tail.get();
    if (from == to) {
      if (was == DONE) {
        throw closed();
      }
      return List.of();
    }
    var taken = new ArrayList<byte[]>(1);
    while (from != to && taken.size() < most) {
      byte[] bytes = read(from);
      taken.add(bytes);
      from = after(from, bytes.length);
    }
    // After the copy: a death before it has taken nothing.
    head.set(from);
    head.ringOne();
    if (from != to) {
      tail.ringOne(); // another receiver may take the next
    }
    return taken;
  }

  private byte[] read(long from) {
    MemorySegment memory = region.segment();
    long length = memory.get(ValueLayout.JAVA_LONG, placeOf(from, 0));
    if (length < 0 || units(length) > allUnits()) {
      throw new IllegalStateException(
          "this shared queue is damaged: it has an element of " + length + " bytes");
    }
    var bytes = new byte[Math.toIntExact(length)];
    MemorySegment to = MemorySegment.ofArray(bytes);
    long place = placeOf(from, 1);
    long first = Math.min(length, region.byteSize() - place);
    MemorySegment.copy(memory, place, to, 0, first);
    MemorySegment.copy(memory, Region.PAGE + ERROR_BYTES, to, first, length - first);
    return bytes;
  }

  @SuppressWarnings("unchecked") // every element was sent as a T
  private T decoded(byte[] bytes) {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    ClassLoader loader = context == null ? ClassLoader.getSystemClassLoader() : context;
    try {
      return (T)
          Objects.requireNonNull(Payloads.decode(new MessageInput(bytes, 0, bytes.length), loader));
    } catch (IOException e) {
      throw new UncheckedIOException("an element could not be decoded: " + e.getMessage(), e);
    } catch (ClassNotFoundException e) {
      throw new UncheckedIOException(
          "an element could not be decoded: its class is not known here: " + e.getMessage(),
          new IOException(e));
    }
  }

  private boolean isEmpty() {
    return head.get() == tail.get();
  }

  /** Returns the number of elements that are in the queue now. */
  public int size() {
    long from = head.get();
    return (int) Math.min(countBetween(from, tail.get()), region.parameter());
  }

  // ---- closing

  /**
   * Ends sending. Elements sent before are still received; then receivers get a {@link
   * SharedQueueClosedException}, and loops over the queue end. Does nothing if the queue is closed.
   * Does not free its memory: see {@link #free}.
   */
  @Override
  public void close() {
    senders.acquireUninterruptibly();
    try {
      if (state.get() == OPEN) {
        state.set(DONE);
      }
    } finally {
      senders.release();
    }
    tail.ringAll();
    head.ringAll();
  }

  /**
   * Ends the queue with an error. Elements that were not received are dropped; threads that wait,
   * or come later, get a {@link SharedQueueClosedException} whose cause names the error. Also ends
   * a queue that was closed and has elements left.
   *
   * @return whether {@code error} is now the queue's error; false if it had one before, or was
   *     closed and empty
   */
  public boolean closeWithError(Throwable error) {
    byte[] name = error.getClass().getName().getBytes(StandardCharsets.UTF_8);
    byte[] text = BoundedText.of(error).getBytes(StandardCharsets.UTF_8);
    senders.acquireUninterruptibly();
    try {
      if (state.get() == FAILED || (state.get() == DONE && isEmpty())) {
        return false;
      }
      putText(0, name);
      putText(ERROR_BYTES / 4, text);
      state.set(FAILED);
    } finally {
      senders.release();
    }
    tail.ringAll();
    head.ringAll();
    return true;
  }

  private void putText(int at, byte[] text) {
    int length = Math.min(text.length, (at == 0 ? ERROR_BYTES / 4 : ERROR_BYTES * 3 / 4) - UNIT);
    region.segment().set(ValueLayout.JAVA_LONG, Region.PAGE + at, length);
    MemorySegment.copy(
        MemorySegment.ofArray(text), 0, region.segment(), Region.PAGE + at + UNIT, length);
  }

  private String text(int at) {
    MemorySegment memory = region.segment();
    var bytes = new byte[(int) memory.get(ValueLayout.JAVA_LONG, Region.PAGE + at)];
    MemorySegment.copy(
        memory, Region.PAGE + at + UNIT, MemorySegment.ofArray(bytes), 0, bytes.length);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Returns whether sending has ended. There may be elements left to receive. */
  public boolean isClosed() {
    return state.get() != OPEN;
  }

  private SharedQueueClosedException closed() {
    if (state.get() != FAILED) {
      @Nullable Throwable none = null;
      return new SharedQueueClosedException("the shared queue is closed", none);
    }
    String text = text(ERROR_BYTES / 4);
    @Nullable Throwable none = null;
    return new SharedQueueClosedException(
        "the shared queue was closed with an error: " + text,
        new RemoteTaskException(text(0), text, new StackTraceElement[0], none));
  }

  // ---- iterating

  /**
   * Returns an iterator over the elements until the queue is closed. Several iterators, in any
   * processes, share the elements: each element goes to one of them.
   *
   * <p>{@code hasNext} waits, and takes the element from the queue; the iterator holds it until
   * {@code next}. If the queue was closed with an error, {@code hasNext} throws it as a {@link
   * SharedQueueClosedException}. An interrupt makes it throw {@link CancellationException}, with
   * the interrupt status still set.
   */
  @Override
  public Iterator<T> iterator() {
    return new Iterator<>() {
      private @Nullable T ahead;

      @Override
      public boolean hasNext() {
        if (ahead == null) {
          ahead = receiveOrNull();
        }
        return ahead != null;
      }

      @Override
      public T next() {
        T element = hasNext() ? ahead : null;
        ahead = null;
        if (element == null) {
          throw new NoSuchElementException("the shared queue is closed");
        }
        return element;
      }
    };
  }

  private @Nullable T receiveOrNull() {
    try {
      return receive();
    } catch (SharedQueueClosedException e) {
      if (e.getCause() == null) {
        return null;
      }
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      var cancelled = new CancellationException("interrupted while waiting for the next element");
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  private static long left(long nanos, long began) {
    return nanos == Limits.NONE ? nanos : Math.max(0, nanos - (System.nanoTime() - began));
  }

  @Override
  public String toString() {
    return "SharedQueue";
  }
}
