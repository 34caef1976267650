package io.github.fornada.shared.memory;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.Uninterrupted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one shared object: a page of lines, each with a word and perhaps a mask of those
 * that wait, and behind it the object's content. In a file that each process maps when it first
 * uses the object; or, for a pool whose tasks run in this process, in this process's memory.
 */
public final class Region {
  /** Bytes of the first page; the content begins here. */
  public static final long PAGE = 4096;

  private static final int LINE = 64;

  static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  // The first line of the page. Written before others know the object, but for the first field.
  private static final long FREED = 0;
  private static final long LOCKS = 8;
  private static final long POINTS = 16;
  private static final long CLAIMS = 24;
  private static final long PARAMETER = 32;
  private static final long CLAIMED_BY = 40;

  private static final String GONE =
      "this shared object was freed, or its pool was closed: keep both until the tasks that use it"
          + " have ended";

  private final Space space;
  private final Bell bell;
  private final String name;
  private final long size;

  /** That of all lines of this object. */
  private final long key;

  /**
   * Null until this process has mapped it, and when it was freed. Written under this monitor, and
   * read without it: a thread that sees null looks again under the monitor, and all fields of a
   * segment are final. A thread that sees it when it was freed is told so by its arena.
   */
  private @Nullable MemorySegment memory;

  private @Nullable Arena arena; // guarded by this
  private volatile boolean freed; // written under this
  private @Nullable Object object; // guarded by this
  private final List<Runnable> whenFreed = new ArrayList<>(); // guarded by this

  Region(Space space, String name, long size) {
    this(space, space.bell(), name, size);
  }

  private Region(Space space, Bell bell, String name, long size) {
    this.space = space;
    this.bell = bell;
    this.name = name;
    this.size = size;
    this.key = RingKey.ofObject(name);
  }

  /** Creates a region in memory of this process. */
  Region(Space space, String name, MemorySegment memory, @Nullable Arena arena) {
    this(space, name, memory.byteSize());
    this.memory = memory;
    this.arena = arena;
  }

  static long line(int number) {
    return (long) number * LINE;
  }

  /** Returns the number of the line with this place of the first page. */
  static long lineOf(long at) {
    return at / LINE;
  }

  /** Returns what those are rung for who wait in the line with this place. */
  long keyOf(long at) {
    return RingKey.ofLine(key, at);
  }

  /** Wakes the process in this seat, where it waits in the line with the place {@code at}. */
  void ring(int seat, long at) {
    bell.ring(seat, keyOf(at));
  }

  /**
   * What must be known of an object to take back what a process that has died had of it.
   *
   * @param locks the number of its {@linkplain Mutex locks}, in the lines from 1 on
   * @param points the number of its {@linkplain WaitPoint points to wait at}, in the next lines
   * @param claims the number of words behind the first page in which processes claim something
   * @param claimedBy how they do
   * @param parameter a number that the object's class needs
   */
  public record Shape(int locks, int points, long claims, ClaimedBy claimedBy, long parameter) {}

  /** How a process claims something in a word behind the first page. */
  public enum ClaimedBy {
    /** As {@link Permits} does; or there are no such words. */
    NUMBER(0),
    /** As {@link Rendezvous} does. */
    ROUND(1),
    /** As {@link Leases} and {@link Hands} do, in an {@link ElementRing}. */
    LEASE(2);

    private final long code;

    ClaimedBy(long code) {
      this.code = code;
    }

    private static ClaimedBy of(long code) {
      return code == ROUND.code ? ROUND : code == LEASE.code ? LEASE : NUMBER;
    }
  }

  void shape(Shape shape) {
    MemorySegment page = segment();
    LONG.setVolatile(page, LOCKS, (long) shape.locks());
    LONG.setVolatile(page, POINTS, (long) shape.points());
    LONG.setVolatile(page, CLAIMS, shape.claims());
    LONG.setVolatile(page, CLAIMED_BY, shape.claimedBy().code);
    LONG.setVolatile(page, PARAMETER, shape.parameter());
  }

  public long parameter() {
    return (long) LONG.getVolatile(segment(), PARAMETER);
  }

  /** Returns the object of this region in this process; makes it if there is none yet. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // one class for each name
  public synchronized <T> T object(Function<Region, T> maker) {
    Object known = object;
    if (known == null) {
      known = maker.apply(this);
      object = known;
    }
    return (T) known;
  }

  public Bell bell() {
    return bell;
  }

  public Space space() {
    return space;
  }

  public String name() {
    return name;
  }

  public long byteSize() {
    return size;
  }

  /**
   * Returns the memory; maps it at the first call in this process.
   *
   * @throws IllegalStateException if the object was freed, or its pool has ended
   */
  public MemorySegment segment() {
    MemorySegment known = memory;
    return known == null ? map() : known;
  }

  private synchronized MemorySegment map() {
    MemorySegment known = memory;
    if (known != null) {
      return known;
    }
    if (freed) {
      throw gone(null);
    }
    space.requireMember();
    Path file = space.file(name);
    if (file == null) {
      throw gone(null);
    }
    try {
      MemorySegment made = Uninterrupted.call(() -> mapped(file));
      memory = made;
      return made;
    } catch (NoSuchFileException e) {
      throw gone(e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the memory of a shared object could not be mapped: " + e.getMessage(), e);
    }
  }

  @SuppressWarnings("MustBeClosed") // closed by unmap()
  private MemorySegment mapped(Path file) throws IOException {
    Arena shared = Arena.ofShared();
    try {
      MemorySegment made = mapped(file, shared);
      bell.prepare();
      arena = shared;
      return made;
    } catch (IOException | RuntimeException | Error e) {
      shared.close();
      throw e;
    }
  }

  /**
   * Maps the file of an object.
   *
   * @throws NoSuchFileException if it was freed
   */
  static MemorySegment mapped(Path file, Arena arena) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MemorySegment made = channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size(), arena);
      if ((long) LONG.getVolatile(made, FREED) != 0) {
        throw new NoSuchFileException(file.toString());
      }
      return made;
    }
  }

  /** Returns whether the object is there, as far as this process has heard. */
  boolean isOpen() {
    MemorySegment known = memory;
    return known != null && known.scope().isAlive();
  }

  /**
   * Checks that the object is there.
   *
   * @throws IllegalStateException if it was freed, or its pool has ended
   */
  public void requireOpen() {
    if (!isOpen() || (long) LONG.getVolatile(segment(), FREED) != 0) {
      throw gone(null);
    }
  }

  /**
   * Returns what to throw for an exception of code that has accessed the memory. It was freed
   * between, if that says so in its own words.
   */
  IllegalStateException explained(IllegalStateException thrown) {
    return isOpen() || GONE.equals(thrown.getMessage()) ? thrown : gone(thrown);
  }

  private static IllegalStateException gone(@Nullable Throwable cause) {
    return new IllegalStateException(GONE, cause);
  }

  /** Returns whether this process has heard that the object was freed, or its pool has ended. */
  boolean isFreed() {
    return freed;
  }

  /**
   * Runs {@code action}, which must be quick, when this process hears that it was freed: at once,
   * if it has heard that already.
   */
  public synchronized void whenFreed(Runnable action) {
    if (freed) {
      action.run();
    } else {
      whenFreed.add(action);
    }
  }

  /** Returns what those get who use it later. */
  static IllegalStateException gone() {
    return gone(null);
  }

  /**
   * Marks the object as freed, for processes that have mapped it. If it cannot be mapped here, they
   * only know when they are told.
   */
  void markFreed() {
    try {
      LONG.setVolatile(segment(), FREED, 1L);
    } catch (IllegalStateException e) {
      // It was freed before.
    } catch (UncheckedIOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "a freed object could not be marked", e);
    }
  }

  /** Unmaps the memory. Later uses in this process throw {@link IllegalStateException}. */
  synchronized void unmap() {
    freed = true;
    memory = null; // whose own message would be "Already closed"
    Arena open = arena;
    arena = null;
    if (open != null) {
      Unmapping.close(open);
    }
    whenFreed.forEach(Runnable::run);
  }

  private static ClaimedBy claimedBy(MemorySegment page) {
    return ClaimedBy.of((long) LONG.getVolatile(page, CLAIMED_BY));
  }

  /** Returns whether somebody may be told of a process that died because of this object. */
  boolean wasUsedBy(long dead) {
    MemorySegment page = segment();
    for (int i = 1; i <= (long) LONG.getVolatile(page, LOCKS); i++) {
      if (OwnerWord.wasUsedBy(page, line(i), dead)) {
        return true;
      }
    }
    return switch (claimedBy(page)) {
      case NUMBER -> false;
      case ROUND -> Rendezvous.wasUsedBy(page, claims(page), dead);
      case LEASE -> Leases.wasUsedBy(page, dead);
    };
  }

  /** Wakes all that wait for something of this object. */
  void ringAll() {
    MemorySegment page = segment();
    long lines = (long) LONG.getVolatile(page, LOCKS) + (long) LONG.getVolatile(page, POINTS);
    for (int i = 1; i <= lines; i++) {
      WaitBits.ringAll(this, line(i) + Long.BYTES);
    }
  }

  private static int claims(MemorySegment page) {
    return (int) (long) LONG.getVolatile(page, CLAIMS);
  }

  /**
   * Takes back what a process that has died had of this object. Everybody that waits must be rung
   * afterwards.
   *
   * @param asked whether the process left because it was asked to, between two tasks
   * @return what it had taken of this object and is gone with it, in words; null for nothing
   */
  @Nullable String recover(long dead, int seat, boolean asked) {
    MemorySegment page = segment();
    int locks = (int) (long) LONG.getVolatile(page, LOCKS);
    int points = (int) (long) LONG.getVolatile(page, POINTS);
    String taken = null;
    switch (claimedBy(page)) {
      case NUMBER -> Permits.recover(page, claims(page), dead);
      case ROUND -> Rendezvous.recover(page, claims(page), dead, asked);
      case LEASE -> {
        // Before the locks: what the dead one was taking can be told as long as it has the lock.
        Leases.recover(page, dead);
        taken = Hands.recover(page, dead);
      }
    }
    for (int i = 1; i <= locks; i++) {
      OwnerWord.recover(page, line(i), dead, seat);
    }
    // Else a ring that is meant for one process might later be for nobody.
    for (int i = locks + 1; seat >= 0 && i <= locks + points; i++) {
      boolean _ = WaitBits.clear(page, line(i) + Long.BYTES, seat);
    }
    return taken;
  }
}
