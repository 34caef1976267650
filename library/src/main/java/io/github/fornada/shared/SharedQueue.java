package io.github.fornada.shared;

import io.github.fornada.DeathCertificate;
import io.github.fornada.RemoteTaskException;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.process.payload.BulkValue;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.shared.memory.ElementRing;
import io.github.fornada.shared.memory.Region;
import io.github.fornada.shared.memory.Space;
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
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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
 * dies while it receives has taken the element or has not. An element that a process has received
 * is gone with it; its death certificate has {@linkplain DeathCertificate#received the number of
 * the last one}. An element that it has on {@linkplain #lease lease} comes back. Nothing else is
 * lost, and nobody is locked out.
 *
 * <p><b>Closing.</b> {@link #close} ends sending: elements in the queue are still received. {@link
 * #closeWithError} ends the queue for both sides at once. A consumer that gives up calls it so that
 * producers do not wait forever. A process that dies closes nothing: {@link #closeAfter} does,
 * where the outcomes of the producers' tasks arrive.
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

  /** Where the class of the error is that it was closed with, and its text; from its content on. */
  private static final int NAME = 0;

  private static final int TEXT = 512;

  /** Arrays with so many bytes are copied to the ring and from it, with no copy in between. */
  private static final int PLAIN_BYTES = 512; // Guess: the copies of a smaller one are no matter

  private final transient ElementRing ring;

  SharedQueue(Region region) {
    super(region);
    this.ring = new ElementRing(region, SharedQueue::room);
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
    int sent = ring.sendUninterruptibly(List.of(encoded(element)), 0);
    if (sent < 0) {
      throw closed();
    }
    return sent > 0;
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
    return sendWithin(List.of(encoded(element)), nanos);
  }

  private boolean sendWithin(List<ElementRing.Element> elements, long nanos)
      throws InterruptedException {
    long began = began(nanos);
    int next = 0;
    while (true) {
      int sent = ring.send(elements, next, left(nanos, began));
      if (sent == Integer.MIN_VALUE) {
        return false;
      }
      if (sent < 0) {
        throw closed();
      }
      next += sent;
      if (next == elements.size()) {
        return true;
      }
      if (!ring.awaitRoom(elements.get(next).length(), left(nanos, began))) {
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
    var encoded = new ArrayList<ElementRing.Element>(elements.size());
    for (T element : elements) {
      encoded.add(encoded(element));
    }
    boolean _ = sendWithin(encoded, Limits.NONE);
  }

  private ElementRing.Element encoded(T element) {
    Objects.requireNonNull(element, "element");
    MemorySegment plain = Payloads.plainArray(element, PLAIN_BYTES);
    if (plain != null) {
      requireRoom(plain.byteSize());
      return ElementRing.Element.plain(BulkValue.tag(element), plain);
    }
    MessageOutput out = Elements.encoded(region.space(), "an element", element);
    requireRoom(out.size());
    return new ElementRing.Element(out.array(), out.size());
  }

  private void requireRoom(long bytes) {
    if (!ring.fits(bytes)) {
      throw new IllegalArgumentException(
          "an element of "
              + bytes
              + " bytes does not fit into a queue of "
              + ring.bytes()
              + " bytes: make the queue with more, by SharedSpace.queue(capacity, bytes)");
    }
  }

  /** An array that the bytes of an element are copied to. */
  private record ArrayRoom(BulkValue made) implements ElementRing.Room {
    @Override
    public MemorySegment bytes() {
      return made.bytes();
    }
  }

  private static ElementRing.Room room(int kind, long length) {
    try {
      return new ArrayRoom(BulkValue.make(kind, length));
    } catch (CorruptFrameException e) {
      throw new IllegalStateException("this shared queue is damaged: " + e.getMessage(), e);
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
    List<ElementRing.Taken> taken = ring.receiveUninterruptibly(1);
    if (taken == null) {
      throw closed();
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
    List<ElementRing.Taken> taken = takeWithin(1, nanos);
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
    for (ElementRing.Taken taken : takeWithin(most, Limits.NONE)) {
      elements.add(decoded(taken));
    }
    return elements;
  }

  private List<ElementRing.Taken> takeWithin(int most, long nanos) throws InterruptedException {
    long began = began(nanos);
    while (true) {
      long left = left(nanos, began);
      List<ElementRing.Taken> taken = ring.receive(most, left);
      if (taken == null) {
        throw closed();
      }
      // With no time left this was the last look: where there is an element, and who has the lock
      // is stopped, others would follow without end.
      if (!taken.isEmpty() || left == 0 || !ring.awaitElement(left(nanos, began))) {
        return taken;
      }
    }
  }

  @SuppressWarnings("unchecked") // every element was sent as a T
  private T decoded(ElementRing.Taken element) {
    return element.room() instanceof ArrayRoom array
        ? (T) array.made().value()
        : decoded(element.bytes());
  }

  @SuppressWarnings("unchecked")
  private T decoded(byte[] bytes) {
    return (T) Elements.decoded("an element", bytes, bytes.length);
  }

  // ---- leasing

  /**
   * An element that a process works on, until this is closed. Belongs to the process: any thread of
   * it may close it. It cannot be sent.
   *
   * @param <T> the type of the element
   */
  public static final class Delivery<T> implements AutoCloseable {
    private final SharedQueue<T> queue;
    private final ElementRing.Lease lease;
    private final T element;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Delivery(SharedQueue<T> queue, ElementRing.Lease lease, T element) {
      this.queue = queue;
      this.lease = lease;
      this.element = element;
    }

    /** Returns the element. */
    public T element() {
      return element;
    }

    /**
     * Returns how many processes have died so far while they had this element on lease. It may be
     * what kills them: so a consumer may put aside what has come back too often. At most 255.
     */
    public int deaths() {
      return lease.deaths();
    }

    /** Returns the certificate of the last process that died with this element; null for none. */
    public @Nullable DeathCertificate died() {
      return lease.died() == 0 ? null : queue.region.space().certificate(lease.died());
    }

    /** Ends the lease: the element is done, and does not come back. Twice has no effect. */
    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        queue.ring.endLease(lease.slot());
      }
    }
  }

  /**
   * Takes an element on lease: if this process dies before it has closed the delivery, the element
   * comes back, and is the next to be received or leased. Waits while there is none, while 256
   * elements are on lease, and while those on lease leave no room for it: together they have as
   * many bytes as the queue has for elements, and each needs its own in one piece.
   *
   * <p>Who leases another element while it has some on lease may so wait for itself. It never does
   * if it closes each delivery before it takes the next, or if those that it has are fewer than
   * half of the elements of the greatest size that the queue has room for.
   *
   * <p>So each element is done at least once, and exactly once if no process dies. A closed queue
   * has no more only when nothing can come back: receivers also wait for the leases of other
   * processes to end. Leases of their own process do not count.
   *
   * {@snippet :
   * for (var delivery : queue.deliveries()) {
   *   try (delivery) {
   *     index.add(delivery.element());
   *   }
   * }
   * }
   *
   * @throws InterruptedException if the thread was interrupted; nothing was taken then
   * @throws SharedQueueClosedException if the queue is closed and has no more
   * @throws UncheckedIOException if the element cannot be decoded here; it is taken all the same.
   *     Or if there is no memory for the first lease; nothing is taken then
   */
  public Delivery<T> lease() throws InterruptedException {
    return Objects.requireNonNull(leaseWithin(Limits.NONE)); // null only after a limit
  }

  /**
   * Takes an element on lease, if there is one, and room for a lease. Does not wait for them.
   *
   * @return null if there is none now
   * @throws SharedQueueClosedException if the queue is closed and has no more
   * @throws UncheckedIOException if the element cannot be decoded here; it is taken all the same.
   *     Or if there is no memory for the first lease; nothing is taken then
   */
  public @Nullable Delivery<T> tryLease() {
    ElementRing.Attempt attempt = ring.leaseUninterruptibly();
    if (attempt == null) {
      throw closed();
    }
    return attempt.lease() == null ? null : delivery(attempt.lease());
  }

  /**
   * Takes an element on lease; waits at most {@code limit}.
   *
   * @return null if there was none in that time
   * @throws InterruptedException if the thread was interrupted; nothing was taken then
   * @throws SharedQueueClosedException if the queue is closed and has no more
   * @throws UncheckedIOException if the element cannot be decoded here; it is taken all the same.
   *     Or if there is no memory for the first lease; nothing is taken then
   */
  public @Nullable Delivery<T> tryLease(Duration limit) throws InterruptedException {
    return leaseWithin(Limits.nanos(limit));
  }

  private @Nullable Delivery<T> leaseWithin(long nanos) throws InterruptedException {
    long began = began(nanos);
    while (true) {
      long left = left(nanos, began);
      ElementRing.Attempt attempt = ring.lease(left);
      if (attempt == null) {
        throw closed();
      }
      if (attempt.lease() != null) {
        return delivery(attempt.lease());
      }
      if (left == 0 || !ring.awaitLease(attempt, left(nanos, began))) {
        return null;
      }
    }
  }

  private Delivery<T> delivery(ElementRing.Lease lease) {
    boolean whole = false;
    try {
      var delivery = new Delivery<>(this, lease, decoded(lease.bytes()));
      whole = true;
      return delivery;
    } finally {
      if (!whole) {
        ring.endLease(lease.slot());
      }
    }
  }

  /**
   * Returns an iterable over deliveries until the queue is closed, as the queue itself is one over
   * elements. Close each delivery. {@code hasNext} takes the lease; an iterator that is left behind
   * after {@code hasNext} keeps it.
   */
  public Iterable<Delivery<T>> deliveries() {
    return () -> new UntilClosed<>(this::lease);
  }

  /** Returns the number of elements that are in the queue now. */
  public int size() {
    return ring.size();
  }

  // ---- closing

  /**
   * Ends sending. Elements sent before are still received; then receivers get a {@link
   * SharedQueueClosedException}, and loops over the queue end. Does nothing if the queue is closed.
   * Does not free its memory: see {@link #free}.
   */
  @Override
  public void close() {
    boolean _ = ring.close(ElementRing.DONE, () -> {});
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
    return ring.close(
        ElementRing.FAILED,
        () -> {
          putText(NAME, name, TEXT - NAME);
          putText(TEXT, text, ElementRing.TEXT_BYTES - TEXT);
        });
  }

  /**
   * Closes the queue when {@code producers} have ended: as {@link #closeWithError} does at once
   * when one of them fails, so also when the worker that it runs in dies; else when all have ended.
   * So receivers wait neither for a task that is dead nor for one that is done.
   *
   * {@snippet :
   * SharedQueue<Page> pages = SharedSpace.of(pool).queue(1000);
   * pages.closeAfter(pool.submit(site, s -> Crawler.crawl(s, pages)));
   * for (Page page : pages) {
   *   index.add(page);
   * }
   * }
   */
  public void closeAfter(CompletionStage<?>... producers) {
    closeAfter(List.of(producers));
  }

  /** Closes the queue as {@link #closeAfter(CompletionStage...)} does. */
  public void closeAfter(Collection<? extends CompletionStage<?>> producers) {
    var running = new AtomicInteger(producers.size());
    if (producers.isEmpty()) {
      close();
    }
    for (CompletionStage<?> producer : producers) {
      var _ = producer.whenComplete((result, error) -> closeAfterOne(error, running));
    }
  }

  private void closeAfterOne(@Nullable Throwable error, AtomicInteger running) {
    boolean isLast = running.decrementAndGet() == 0;
    try {
      if (error != null) {
        Throwable cause = error instanceof CompletionException ? error.getCause() : error;
        boolean _ = closeWithError(cause == null ? error : cause);
      } else if (isLast) {
        close();
      }
    } catch (IllegalStateException e) {
      // It was freed, or its pool has ended: nobody waits for it any more.
    }
  }

  private void putText(int at, byte[] text, int room) {
    int length = Math.min(text.length, room - Long.BYTES);
    MemorySegment memory = region.segment();
    memory.set(ValueLayout.JAVA_LONG, Region.PAGE + at, length);
    MemorySegment.copy(
        MemorySegment.ofArray(text), 0, memory, Region.PAGE + at + Long.BYTES, length);
  }

  private String text(int at) {
    MemorySegment memory = region.segment();
    var bytes = new byte[(int) memory.get(ValueLayout.JAVA_LONG, Region.PAGE + at)];
    MemorySegment.copy(
        memory, Region.PAGE + at + Long.BYTES, MemorySegment.ofArray(bytes), 0, bytes.length);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Returns whether sending has ended. There may be elements left to receive. */
  public boolean isClosed() {
    return ring.state() != ElementRing.OPEN;
  }

  private SharedQueueClosedException closed() {
    @Nullable Throwable none = null;
    if (ring.state() != ElementRing.FAILED) {
      return new SharedQueueClosedException("the shared queue is closed", none);
    }
    String text = text(TEXT);
    return new SharedQueueClosedException(
        "the shared queue was closed with an error: " + text,
        new RemoteTaskException(text(NAME), text, new StackTraceElement[0], none));
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
    return new UntilClosed<>(this::receive);
  }

  /** Takes one after the other until the queue is closed. */
  private static final class UntilClosed<E> implements Iterator<E> {
    /** Takes the next one. */
    interface Taking<E> {
      E next() throws InterruptedException;
    }

    private final Taking<E> taking;
    private @Nullable E ahead;

    UntilClosed(Taking<E> taking) {
      this.taking = taking;
    }

    @Override
    public boolean hasNext() {
      if (ahead == null) {
        ahead = nextOrNull();
      }
      return ahead != null;
    }

    @Override
    public E next() {
      E element = hasNext() ? ahead : null;
      ahead = null;
      if (element == null) {
        throw new NoSuchElementException("the shared queue is closed");
      }
      return element;
    }

    private @Nullable E nextOrNull() {
      try {
        return taking.next();
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
  }

  /** Returns when a wait began; the time is only read where there is a limit. */
  private static long began(long nanos) {
    return nanos == Limits.NONE ? 0 : System.nanoTime();
  }

  private static long left(long nanos, long began) {
    return nanos == Limits.NONE ? nanos : Math.max(0, nanos - (System.nanoTime() - began));
  }

  @Override
  public String toString() {
    return "SharedQueue " + Space.numberOf(region.name());
  }
}
