package io.github.fornada.shared.memory;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
import io.github.fornada.jvm.Uninterrupted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The bell of a process that shares memory with others. A process that waits listens at a FIFO in
 * the pool's private folder, or at a Unix-domain socket, named after its seat; whoever wakes it
 * writes there itself. One of the threads that wait listens for all: see {@link Listeners}. A
 * virtual thread would keep its carrier while it listens; once one has waited, a thread of the
 * bell's own listens for all.
 *
 * <p>All channels are in non-blocking mode: an interrupt of the thread that uses one does not close
 * it, so any thread may ring and listen.
 */
final class SocketBell implements Bell {
  /** The name of the file with the seats: a word each, with the number of the process or 0. */
  static final String SEAT_FILE = "seats";

  /** The prefix of the names of the FIFOs, one for each of the first seats. */
  private static final String EAR = "ear-";

  /** How many FIFOs are made. Processes in later seats listen at sockets. */
  private static final int EARS = 64; // Guess: more would take longer to make

  /** In the word of a seat: its process listens at the FIFO. */
  private static final long HAS_EAR = 1L << 40;

  /** The prefix of the names of the sockets. */
  static final String SOCKET = "seat-";

  private static final int BACKLOG = 1024;

  /** The pause before another attempt to connect to a process that does not accept at once. */
  private static final long PAUSE_NANOS = 100_000; // Guess

  private static final int ATTEMPTS = 100_000; // ten seconds

  /** The pause before a ring that has failed is tried again. */
  private static final Duration AGAIN = Duration.ofMillis(10); // Guess

  /** Between two looks for a ring, once {@link #stepAside} was called. */
  private static final long POLL_NANOS = 1_000_000; // Guess

  private static final long NANOS_PER_MILLI = 1_000_000;

  /** What is written for a ring. Not on the heap: from there it would be copied each time. */
  private static final ByteBuffer RING = ByteBuffer.allocateDirect(1);

  private static final String LATE = "a ring for shared objects may be late";

  private final Path folder;
  private final long id;
  private final Ears ears = new Ears();
  private final OwedRings owed = new OwedRings();

  /** The open connections to other processes, by their seats. Each guarded by its own monitor. */
  private final Line[] lines = new Line[SEATS];

  // Written under this monitor.
  private volatile @Nullable MemorySegment seats;
  private volatile int seat = -1;
  private volatile @Nullable Selector selector;
  private volatile @Nullable Ear ear;
  private boolean alwaysListens;
  private @Nullable ServerSocketChannel server;

  /** Whether the thread that listens must not wait in native code. */
  private volatile boolean aside;

  /** Set before the lines are closed: none is opened any more. */
  private volatile boolean closed;

  private static final class Line {
    long to;
    @Nullable Ear ear;
    @Nullable SocketChannel channel;
  }

  SocketBell(Path folder, long id) {
    this.folder = folder;
    this.id = id;
    for (int i = 0; i < SEATS; i++) {
      lines[i] = new Line();
    }
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public Sleeper add(long key) {
    return ears.add(key, !Thread.currentThread().isVirtual());
  }

  @Override
  public void remove(Sleeper sleeper) {
    ears.remove(sleeper);
  }

  @Override
  public void await(Sleeper self, Object blocker, long nanos) {
    if (Thread.currentThread().isVirtual()) {
      listenAlways();
      Listeners.park(blocker, nanos);
    } else {
      ears.await(self, blocker, nanos);
    }
  }

  /** Starts the thread that listens for all. */
  private synchronized void listenAlways() {
    if (!alwaysListens && seat >= 0) {
      var _ = OwnThreads.daemon("fornada-shared-bell").start(ears::listenAlways);
      alwaysListens = true;
    }
  }

  /** Rings the threads of this process. */
  void ringOwn(long key) {
    ears.ring(key);
  }

  // ---- seats

  /**
   * Makes what every process that waits needs, so that a full disk is found when the first object
   * is made.
   *
   * @throws UncheckedIOException if it cannot be made
   */
  @Override
  public void prepare() {
    var _ = seats();
  }

  private MemorySegment seats() {
    MemorySegment known = seats;
    if (known != null) {
      return known;
    }
    synchronized (this) {
      try {
        known =
            Uninterrupted.call(
                () -> Space.openOrCreate(folder, SEAT_FILE, id, (long) SEATS * Long.BYTES));
      } catch (IOException e) {
        throw new UncheckedIOException(
            "the list of the processes that wait for shared objects could not be made or mapped in "
                + folder
                + ": "
                + e.getMessage(),
            e);
      }
      seats = known;
      return known;
    }
  }

  @Override
  public int seat() {
    int known = seat;
    return known >= 0 ? known : takeSeat();
  }

  private synchronized int takeSeat() {
    if (seat >= 0) {
      return seat;
    }
    MemorySegment all = seats();
    for (int i = 0; i < SEATS; i++) {
      if (Region.LONG.compareAndSet(all, (long) i * Long.BYTES, 0L, id)) {
        boolean listening = false;
        try {
          int free = i;
          var _ =
              Uninterrupted.call(() -> {
                listen(free, all);
                return true;
              });
          listening = true;
        } catch (IOException e) {
          throw new UncheckedIOException(
              "this process cannot wait for shared objects, because it cannot listen in "
                  + folder
                  + ": "
                  + e.getMessage(),
              e);
        } finally {
          if (!listening) {
            Region.LONG.setVolatile(all, (long) i * Long.BYTES, 0L);
          }
        }
        seat = i;
        return i;
      }
    }
    throw new IllegalStateException(
        "more than "
            + SEATS
            + " processes wait for shared objects of one pool at once: use fewer workers, or waits"
            + " that do not last");
  }

  /** Begins to listen in a new seat. Nobody rings there before this process has set a bit. */
  private void listen(int at, MemorySegment all) throws IOException {
    try {
      if (at < EARS) {
        ear = Ear.open(ear(at));
        Region.LONG.setVolatile(all, (long) at * Long.BYTES, id | HAS_EAR);
        return;
      }
    } catch (NoSuchFileException e) {
      // They were not made, or not yet.
    }
    Selector from = Selector.open();
    ServerSocketChannel made = null;
    boolean started = false;
    try {
      made = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      made.bind(UnixDomainSocketAddress.of(socket(at, id)), BACKLOG);
      made.configureBlocking(false);
      var _ = made.register(from, SelectionKey.OP_ACCEPT);
      selector = from;
      server = made;
      started = true;
    } finally {
      if (!started) {
        from.close();
        closeQuietly(made);
      }
    }
  }

  /** Returns the FIFOs that must be made for processes that wait. */
  static List<Path> ears(Path folder) {
    var all = new ArrayList<Path>();
    for (int i = 0; i < EARS; i++) {
      all.add(folder.resolve(EAR + i));
    }
    return all;
  }

  private Path ear(int at) {
    return folder.resolve(EAR + at);
  }

  private Path socket(int at, long of) {
    return folder.resolve(SOCKET + at + '-' + of);
  }

  @Override
  public long idOf(int at) {
    return wordOf(at) & OwnerWord.MAX_ID;
  }

  private long wordOf(int at) {
    return (long) Region.LONG.getVolatile(seats(), (long) at * Long.BYTES);
  }

  // ---- listening

  private final class Ears extends Listeners {
    /** What is read into; nobody looks at it. By the thread that listens. */
    private final ByteBuffer rings = ByteBuffer.allocateDirect(64);

    private final Consumer<SelectionKey> taking = this::take; // a set of keys takes longer

    /**
     * What has rung, and still has to be read. Who was woken first looks for what it waits for: it
     * may have a lock now that others want. By the thread that listens.
     */
    private final List<SocketChannel> rung = new ArrayList<>();

    private void take(SelectionKey key) {
      if (key.channel() instanceof SocketChannel line) {
        rung.add(line);
      } else if (key.channel() instanceof ServerSocketChannel accepting) {
        try {
          accept(accepting, key.selector());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }

    /** Reads what has rung; returns whether more was there than what has woken a thread. */
    private boolean readRung() {
      boolean isMore = false;
      for (SocketChannel line : rung) {
        isMore |= drain(line, rings) > 1;
      }
      rung.clear();
      return isMore;
    }

    @Override
    void listen(long nanos) {
      Ear fifo = ear;
      if (fifo != null) {
        listen(fifo, nanos);
        return;
      }
      Selector from = selector;
      if (from == null) {
        return; // there is no seat: then nobody rings
      }
      if (!rung.isEmpty() && readRung()) {
        taken(RingKey.EVERYBODY);
        return; // another ring has come, so whoever listens must look again
      }
      try {
        if (aside) {
          LockSupport.parkNanos(this, Math.min(nanos, POLL_NANOS));
          var _ = from.selectNow(taking);
        } else if (nanos == Mutex.FOR_EVER) {
          var _ = from.select(taking);
        } else {
          var _ = from.select(taking, Math.max(1, Math.ceilDiv(nanos, NANOS_PER_MILLI)));
        }
        taken(RingKey.EVERYBODY); // a byte does not say for what
      } catch (ClosedSelectorException e) {
        // The pool has ended, as who waits will see.
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        Log.get().log(System.Logger.Level.WARNING, LATE, e);
        LockSupport.parkNanos(POLL_NANOS);
      }
    }

    private void listen(Ear fifo, long nanos) {
      try {
        if (aside) {
          LockSupport.parkNanos(this, Math.min(nanos, POLL_NANOS));
          fifo.take(this::taken);
        } else {
          fifo.listen(nanos, this::taken);
        }
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        Log.get().log(System.Logger.Level.WARNING, LATE, e);
        LockSupport.parkNanos(POLL_NANOS);
      }
    }

    @Override
    void endListening() {
      Ear fifo = ear;
      if (fifo != null) {
        SocketBell.endListening(fifo);
      }
      Selector from = selector;
      if (from != null) {
        var _ = from.wakeup();
      }
    }

    @Override
    boolean isOpen() {
      Ear fifo = ear;
      Selector from = selector;
      return fifo != null ? fifo.isOpen() : from != null && from.isOpen();
    }
  }

  private static void accept(ServerSocketChannel from, Selector to) throws IOException {
    for (SocketChannel line = from.accept(); line != null; line = from.accept()) {
      line.configureBlocking(false);
      var _ = line.register(to, SelectionKey.OP_READ);
    }
  }

  /** Returns the number of bytes. */
  private static int drain(SocketChannel line, ByteBuffer bytes) {
    int all = 0;
    try {
      int read;
      do {
        bytes.clear();
        read = line.read(bytes);
        all += Math.max(0, read);
      } while (read == bytes.capacity()); // else there was no more
      if (read < 0) {
        line.close();
      }
    } catch (IOException e) {
      closeQuietly(line); // its process is gone
    }
    return all;
  }

  // ---- ringing

  @Override
  public void ring(int at, long key) {
    try {
      ringOnce(at, key);
    } catch (IOException | UncheckedIOException | OutOfMemoryError e) {
      owed.add(at, e);
    }
    if (owed.isUnscheduled()) {
      owed.schedule();
    }
  }

  /** Rings as {@link #ring} does, if that is possible now. */
  private void ringOnce(int at, long key) throws IOException {
    if (at == seat) {
      ringOwn(key);
      return;
    }
    long word = wordOf(at);
    long to = word & OwnerWord.MAX_ID;
    if (to == 0 || to == id) {
      ringOwn(key); // this process may be taking that seat just now
      return;
    }
    Line line = lines[at];
    synchronized (line) {
      if (closed) {
        return;
      }
      try {
        if ((word & HAS_EAR) != 0) {
          Ear known = line.ear;
          if (known == null) {
            known = Ear.open(ear(at));
            line.ear = known;
          }
          known.ring(key);
          return;
        }
        if (line.channel == null || line.to != to) {
          closeQuietly(line.channel);
          line.channel = null;
          line.channel = connect(socket(at, to));
          line.to = to;
        }
        // 0 if the buffer is full: then it has been rung very often and has not yet noticed.
        var _ = line.channel.write(RING.duplicate());
      } catch (IOException e) {
        closeQuietly(line.channel);
        line.channel = null;
        // It is gone, or has no socket yet: then it has still to look before it sleeps.
        if (!isRefused(e) && Files.exists((word & HAS_EAR) != 0 ? ear(at) : socket(at, to))) {
          throw e;
        }
      }
    }
  }

  /** Returns whether a ring has failed that is still to be made. */
  boolean owesRings() {
    return owed.isAny();
  }

  /**
   * Rings that have failed, such as for want of a file descriptor. What they are for has been
   * changed and the bit of the sleeper was cleared, so nobody else would ring it. They are tried
   * again until they can be made; then all threads of that process look again.
   */
  private final class OwedRings implements Runnable {
    private final boolean[] seats = new boolean[SEATS]; // guarded by this
    private boolean everybody; // guarded by this
    private boolean isScheduled; // guarded by this

    /** Why the first one failed, until that is told. */
    private @Nullable Throwable untold; // guarded by this

    private boolean isTold; // guarded by this

    /** Whether there was no memory to have them tried again. Then the next ring tries to. */
    private volatile boolean unscheduled;

    synchronized void add(int at, Throwable why) {
      seats[at] = true;
      add(why);
    }

    /** Notes that the processes that wait are not known, and all have to be rung. */
    synchronized void addEverybody(Throwable why) {
      everybody = true;
      add(why);
    }

    private synchronized void add(Throwable why) {
      untold = isTold ? null : why;
      schedule();
    }

    boolean isUnscheduled() {
      return unscheduled;
    }

    synchronized void schedule() {
      if (!isScheduled) {
        try {
          var _ = Timer.tryAfter(AGAIN, this);
          isScheduled = true;
          unscheduled = false;
        } catch (OutOfMemoryError e) {
          unscheduled = true;
        }
      }
    }

    /** Needs no memory of its own: where a ring fails again, it is noted again. */
    @Override
    public void run() {
      synchronized (this) {
        isScheduled = false;
      }
      for (int at = 0; at < SEATS; at++) {
        if (takes(at) && !closed) {
          ring(at, RingKey.EVERYBODY);
        }
      }
      if (takesEverybody() && !closed) {
        ringAll(RingKey.EVERYBODY);
      }
      Throwable why = takeUntold();
      if (why != null) {
        Log.get().log(System.Logger.Level.WARNING, LATE, why);
      }
    }

    synchronized boolean isAny() {
      return isScheduled || unscheduled;
    }

    private synchronized boolean takes(int at) {
      boolean is = seats[at];
      seats[at] = false;
      return is;
    }

    private synchronized boolean takesEverybody() {
      boolean is = everybody;
      everybody = false;
      return is;
    }

    private synchronized @Nullable Throwable takeUntold() {
      Throwable why = untold;
      untold = null;
      isTold |= why != null;
      return why;
    }
  }

  private static SocketChannel connect(Path socket) throws IOException {
    for (int i = 0; ; i++) {
      SocketChannel made = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        made.configureBlocking(false);
        if (made.connect(UnixDomainSocketAddress.of(socket))) {
          return made;
        }
        while (!made.finishConnect()) {
          LockSupport.parkNanos(PAUSE_NANOS);
        }
        return made;
      } catch (IOException e) {
        closeQuietly(made);
        // With many processes that connect at once the system asks to try again.
        if (i == ATTEMPTS || Files.notExists(socket) || isRefused(e)) {
          throw e;
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private static boolean isRefused(IOException e) {
    return e instanceof java.net.ConnectException || e instanceof NoSuchFileException;
  }

  /** Rings the threads of all processes that wait for what has this key. */
  void ringAll(long key) {
    ringOwn(key);
    if (Files.notExists(folder.resolve(SEAT_FILE))) {
      return; // no process has ever waited
    }
    try {
      prepare();
    } catch (UncheckedIOException e) {
      owed.addEverybody(e);
      return;
    }
    for (int i = 0; i < SEATS; i++) {
      if (i != seat && idOf(i) != 0) {
        ring(i, key);
      }
    }
  }

  // ---- the ends of processes

  /** Returns the seat of a process; -1 if it has none. */
  int seatOf(long process) {
    if (Files.exists(folder.resolve(SEAT_FILE))) {
      for (int i = 0; i < SEATS; i++) {
        if (idOf(i) == process) {
          return i;
        }
      }
    }
    return -1;
  }

  /** Frees the seat of a process that is gone. Nothing may refer to it any more. */
  void vacate(int at, long process) {
    try {
      Files.deleteIfExists(socket(at, process));
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "left for the end of the pool", e);
    }
    if (idOf(at) == process) { // nobody else changes it then
      Region.LONG.setVolatile(seats(), (long) at * Long.BYTES, 0L);
    }
  }

  /**
   * From now on the thread that listens looks now and then, and does not wait in native code: see
   * {@code ControlChannel.stepAside}.
   */
  synchronized void stepAside() {
    aside = true;
    ears.endListening();
  }

  /** Closes all channels; threads that wait are woken. */
  synchronized void close() {
    closed = true;
    try {
      if (selector != null) {
        for (SelectionKey key : selector.keys()) {
          closeQuietly(key.channel());
        }
        selector.close();
      }
    } catch (IOException | RuntimeException e) {
      Log.get().log(System.Logger.Level.DEBUG, "a selector could not be closed", e);
    }
    closeQuietly(server);
    Ear own = ear;
    if (own != null) {
      own.close();
    }
    for (Line line : lines) {
      synchronized (line) {
        closeQuietly(line.channel);
        line.channel = null;
        if (line.ear != null) {
          line.ear.close();
          line.ear = null;
        }
      }
    }
    ringOwn(RingKey.EVERYBODY);
  }

  private static void endListening(Ear fifo) {
    try {
      fifo.endListening();
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.WARNING, LATE, e);
    }
  }

  private static void closeQuietly(@Nullable Channel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "a channel could not be closed", e);
    }
  }
}
