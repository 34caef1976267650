package io.github.fornada.shared.memory;

import io.github.fornada.DeathCertificate;
import io.github.fornada.jvm.Listing;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
import io.github.fornada.jvm.Uninterrupted;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The shared objects of one pool, as this process sees them. The objects' files are in the pool's
 * private folder, so that they go with the pool.
 */
public final class Space {
  /** The number of the process that has opened the pool. */
  private static final long PARENT = 1;

  /** What the process does for its space. */
  public interface Host {
    /** Tells other processes that the object with this file was freed. */
    void freed(String file);

    /** Creates the pool's folder again, if it was deleted from outside. */
    void restore() throws IOException;

    /** Makes FIFOs at these paths, where that is possible. */
    default void makeFifos(List<Path> paths) {}
  }

  /** For objects that no other process has. */
  static final Host NOBODY =
      new Host() {
        @Override
        public void freed(String file) {}

        @Override
        public void restore() {}
      };

  private static final String OBJECT = "object-";
  private static final String MAKING = "making-";
  private static final String DIED = "died-";
  private static final int PIECE = 1 << 20;

  /** The pause before what could not be taken back of a dead process is tried again. */
  private static final Duration AGAIN = Duration.ofMillis(100); // Guess

  private static final Path MEMORY = Path.of("/dev/shm");

  /** How many spaces in its memory this process has made. */
  private static final AtomicLong LOCAL = new AtomicLong();

  /** Null if the pool's tasks run in this process. */
  private final @Nullable Path folder;

  private final String address;

  /** This process's number in the pool; 0 if it is neither its parent nor one of its workers. */
  private final long id;

  private final Bell bell;

  /** Nobody once the pool has ended, because handles of an ended pool must not keep all of it. */
  private volatile Host host;

  private final AtomicLong numbers = new AtomicLong();

  /** Set by the parent when it begins to make what other processes listen at. */
  private final AtomicBoolean hasEars = new AtomicBoolean();

  private final Map<String, Region> regions = new ConcurrentHashMap<>();

  /** The ends of processes that had locks. Written by the parent's threads. */
  private final Map<Long, DeathCertificate> deaths = new ConcurrentHashMap<>();

  /** Set once, at the end of the pool. */
  private volatile boolean ended;

  private Space(@Nullable Path folder, long id, Bell bell, Host host) {
    if (id > OwnerWord.MAX_ID) {
      throw new IllegalStateException("this pool has had too many workers: " + id);
    }
    this.folder = folder;
    this.address = folder == null ? "memory-" + LOCAL.incrementAndGet() : folder.toString();
    this.id = id;
    this.bell = bell;
    this.host = host;
  }

  /** Returns the space of a pool whose tasks run in this process. */
  static Space local() {
    return with(new LocalBell());
  }

  /** Returns a space in this process's memory with this bell. */
  static Space with(Bell bell) {
    return new Space(null, bell.id(), bell, NOBODY);
  }

  /** Returns the space of a pool that this process has opened. */
  public static Space ofParent(Path folder, Host host) {
    return new Space(folder, PARENT, new SocketBell(folder, PARENT), host);
  }

  /** Returns the space of the pool that this process is a worker of. */
  static Space ofWorker(Path folder, long worker, Host host) {
    long id = idOfWorker(worker);
    return new Space(folder, id, new SocketBell(folder, id), host);
  }

  /** Returns a space of a pool that this process does not take part in. */
  static Space foreign(Path folder) {
    return new Space(folder, 0, new LocalBell(), NOBODY);
  }

  private static long idOfWorker(long worker) {
    return PARENT + worker;
  }

  Bell bell() {
    return bell;
  }

  /** Returns the private folder's path; null if the pool's tasks run in this process. */
  public @Nullable String folder() {
    return folder == null ? null : folder.toString();
  }

  /**
   * Returns what {@link Spaces#at} finds it by: the folder, or a name that only this process knows.
   */
  public String address() {
    return address;
  }

  @Nullable Path file(String name) {
    return folder == null ? null : folder.resolve(name);
  }

  /**
   * Checks that this process takes part in the pool.
   *
   * @throws IllegalStateException if it does not
   */
  public void requireMember() {
    if (id == 0) {
      throw new IllegalStateException(
          "this shared object belongs to a pool that this process neither opened nor is a worker"
              + " of. A pool's objects can be used by the process that opened the pool and by its"
              + " workers, not by workers of workers: make an object with the pool whose tasks use"
              + " it");
    }
    if (ended) {
      throw new IllegalStateException(
          "the pool that this shared object belongs to was closed: keep it open as long as the"
              + " object is used");
    }
  }

  // ---- objects

  /** Returns the object with this name, which may have come from another process. */
  public Region region(String name, long size) {
    return regions.computeIfAbsent(name, n -> new Region(this, n, size));
  }

  /**
   * Creates the memory of an object. Every page is written here, so that a full disk is found now.
   *
   * @param kind a letter for the object's class
   * @param bytes the size of its content
   * @param what the object in words, for messages
   * @param begin writes the object's first state, before others can see it
   * @throws UncheckedIOException if there is no room, or the thread was interrupted
   */
  public Region create(
      char kind, long bytes, String what, Region.Shape shape, Consumer<Region> begin) {
    String name = OBJECT + kind + '-' + id + '-' + numbers.incrementAndGet();
    return create(name, bytes, what, shape, begin);
  }

  /**
   * Returns the region for the bytes of a queue's elements that are on lease; creates it if there
   * is none. The caller has the lock of the queue's receivers.
   */
  Region leased(Region queue, long bytes) {
    String name = leasedOf(queue.name());
    Path file = file(name);
    if (file == null ? regions.containsKey(name) : Files.exists(file)) {
      return region(name, Region.PAGE + bytes);
    }
    return create(
        name, bytes, "the lease of a shared queue's elements", Leases.shapeOfBytes(), r -> {});
  }

  private static String leasedOf(String queue) {
    return OBJECT + ObjectKind.LEASED + queue.substring(OBJECT.length() + 1);
  }

  private static char kindOf(String name) {
    return name.charAt(OBJECT.length());
  }

  /** Where there is a folder in memory, and the pool did not get it, users should know why. */
  private static void tellIfOnDisk(Path folder) {
    if (Files.isDirectory(MEMORY) && !folder.startsWith(MEMORY)) {
      Log.get()
          .log(
              System.Logger.Level.WARNING,
              "the shared objects of a pool are files in "
                  + folder.getParent()
                  + ", maybe on a disk: "
                  + MEMORY
                  + " had no room for the pool when it was opened, or may not be written. Give a"
                  + " container more of it with --shm-size, or mount a larger one");
    }
  }

  private Region create(
      String name, long bytes, String what, Region.Shape shape, Consumer<Region> begin) {
    requireMember();
    if (folder != null) {
      if (id == PARENT && hasEars.compareAndSet(false, true)) {
        host.makeFifos(SocketBell.ears(folder));
        tellIfOnDisk(folder);
      }
      bell.prepare();
    }
    long size = Math.addExact(Region.PAGE, bytes);
    Region made = folder == null ? inMemory(name, size, what) : inFile(folder, name, size, what);
    boolean whole = false;
    try {
      made.shape(shape);
      begin.accept(made);
      if (folder != null) {
        Files.move(
            folder.resolve(made.name()), folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      }
      whole = true;
    } catch (IOException e) {
      throw new UncheckedIOException(what + " could not be made: " + e, e);
    } finally {
      if (!whole || folder != null) {
        made.unmap();
      }
      if (!whole && folder != null) {
        deleteQuietly(folder.resolve(made.name()));
      }
    }
    Region region = folder == null ? made : new Region(this, name, size);
    regions.put(name, region);
    if (ended) {
      free(region);
      requireMember();
    }
    return region;
  }

  @SuppressWarnings("MustBeClosed") // closed by Region.unmap()
  private Region inMemory(String name, long size, String what) {
    Arena arena = Arena.ofShared();
    try {
      return new Region(this, name, arena.allocate(size, Region.PAGE), arena);
    } catch (OutOfMemoryError e) { // the system has no room; the heap is not concerned
      arena.close();
      throw noRoom(
          what,
          size,
          "this process cannot have so much more memory; share less",
          new IOException(e));
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private Region inFile(Path in, String name, long size, String what) {
    String making = MAKING + id + '-' + name;
    Path file = in.resolve(making);
    try {
      if (Files.notExists(in)) {
        host.restore();
      }
      if (Files.getFileStore(in).getUsableSpace() < size) { // fills no disk first to find that out
        throw new IOException("No space left");
      }
      Uninterrupted.call(() -> writeZeros(file, size));
      return new Region(this, making, size);
    } catch (IOException e) {
      deleteQuietly(file);
      throw noRoom(
          what,
          size,
          e.getMessage()
              + room(in)
              + ". A shared object is never put elsewhere instead: give a container more memory for"
              + " it with --shm-size, mount a larger /dev/shm, or share less",
          e);
    }
  }

  private static UncheckedIOException noRoom(
      String what, long size, String why, IOException cause) {
    return new UncheckedIOException(
        what + " needs " + size + " bytes, and could not be made: " + why, cause);
  }

  private static String room(Path in) {
    try {
      return " (" + in + " has " + Files.getFileStore(in).getUsableSpace() + " bytes left)";
    } catch (IOException e) {
      return " (" + in + ")";
    }
  }

  private static @Nullable Void writeZeros(Path file, long size) throws IOException {
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      var zeros = ByteBuffer.allocateDirect((int) Math.min(PIECE, size));
      for (long done = 0; done < size; ) {
        zeros.clear().limit((int) Math.min(zeros.capacity(), size - done));
        done += channel.write(zeros);
      }
    } catch (ClosedByInterruptException e) { // it is called again
      Files.deleteIfExists(file);
      throw e;
    }
    return null;
  }

  /**
   * Maps a small file that exists once in the folder, until this process ends; creates it first.
   */
  static MemorySegment openOrCreate(Path folder, String name, long id, long size)
      throws IOException {
    return Uninterrupted.call(() -> openOrCreateOnce(folder, name, id, size));
  }

  private static MemorySegment openOrCreateOnce(Path folder, String name, long id, long size)
      throws IOException {
    Path file = folder.resolve(name);
    while (true) {
      try (var channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        return channel.map(FileChannel.MapMode.READ_WRITE, 0, size, Arena.ofAuto());
      } catch (NoSuchFileException e) {
        Path making = folder.resolve(MAKING + id + '-' + name);
        var _ = writeZeros(making, size);
        try {
          Files.createLink(file, making); // fails if another process was quicker
        } catch (FileAlreadyExistsException quicker) {
          // Its file is the one.
        } finally {
          deleteQuietly(making);
        }
      }
    }
  }

  /**
   * Frees the object in every process. Threads that wait for it, or use it later, get {@link
   * IllegalStateException}.
   */
  public void free(Region region) {
    if (regions.remove(region.name(), region)) {
      region.markFreed();
      Path file = file(region.name());
      if (file != null) {
        deleteQuietly(file);
      }
      region.unmap();
      if (kindOf(region.name()) == ObjectKind.QUEUE) {
        freeLeasedOf(region.name());
      }
      if (file != null) {
        host.freed(file.toString());
      }
      ringAll(RingKey.ofObject(region.name()));
    }
  }

  private void freeLeasedOf(String queue) {
    String name = leasedOf(queue);
    Region leased = regions.remove(name);
    if (leased != null) {
      leased.unmap();
    }
    Path file = file(name);
    if (file != null) {
      deleteQuietly(file);
    }
  }

  /** Called when another process has freed the object with this file. */
  void forget(String name) {
    Region gone = regions.remove(name);
    if (gone != null) {
      gone.unmap();
      Region leased = kindOf(name) == ObjectKind.QUEUE ? regions.remove(leasedOf(name)) : null;
      if (leased != null) {
        leased.unmap();
      }
      ringOwn(RingKey.ofObject(name));
    }
  }

  private void ringAll(long key) {
    if (bell instanceof SocketBell sockets) {
      sockets.ringAll(key);
    } else {
      bell.ring(0, key);
    }
  }

  private void ringOwn(long key) {
    if (bell instanceof SocketBell sockets) {
      sockets.ringOwn(key);
    } else {
      bell.ring(0, key);
    }
  }

  // ---- the ends of processes

  /**
   * Called in the parent when a worker's process is gone: takes back what it had of all objects.
   * Not earlier, because a process whose stream has ended may still run: its code may have closed
   * the stream. After its exit code was seen no store of it can follow.
   *
   * <p>What cannot be taken back now, such as for want of a file descriptor, is taken back as soon
   * as it can.
   *
   * @param worker its number in the pool
   * @param certificate how it ended, for those that get its locks next
   * @param asked whether it left because it was asked to, between two tasks
   * @return the certificate, with what the worker had received from queues and is gone with it
   */
  public DeathCertificate workerIsGone(long worker, DeathCertificate certificate, boolean asked) {
    if (folder == null) {
      return certificate;
    }
    var death = new Death(idOfWorker(worker), certificate, asked);
    boolean isSettled = isSettled(death);
    DeathCertificate whole =
        death.received.isEmpty() ? certificate : certificate.withReceived(death.received);
    if (!isSettled) {
      takeBackLater(death);
    }
    return whole;
  }

  /** The end of a process, until all that it had was taken back. Guarded by the space. */
  private static final class Death {
    final long dead;
    final DeathCertificate certificate;
    final boolean asked;

    /** What it had received from queues and is gone with it, in words. */
    final List<String> received = new ArrayList<>();

    /** Whether it is told that something could not be taken back. */
    boolean isTold;

    Death(long dead, DeathCertificate certificate, boolean asked) {
      this.dead = dead;
      this.certificate = certificate;
      this.asked = asked;
    }

    void tell(Exception why) {
      if (!isTold) {
        isTold = true;
        Log.get()
            .log(
                System.Logger.Level.WARNING,
                "what a dead worker held of shared objects could not be taken back yet; it is tried"
                    + " again until it can",
                why);
      }
    }
  }

  private void takeBackLater(Death death) {
    var _ =
        Timer.after(
            AGAIN, () -> OwnThreads.start("fornada-shared-death", () -> takeBackAgain(death)));
  }

  private void takeBackAgain(Death death) {
    boolean isSettled = false;
    try {
      isSettled = isSettled(death);
    } catch (OutOfMemoryError e) {
      // There may be room for it later.
    }
    if (!isSettled) {
      takeBackLater(death);
    }
  }

  private synchronized boolean isSettled(Death death) {
    return ended || takeBack(death);
  }

  /**
   * Takes back what a dead process had. May be called again: what was taken back stays as it is.
   *
   * @return whether that was all; only then its seat is free
   */
  private boolean takeBack(Death death) {
    // Taken once, so that each object is recovered once: others may be mapped meanwhile.
    // Without streams and patterns: a first death is told several milliseconds sooner.
    var mapped = new ArrayList<Region>();
    var known = new HashSet<String>();
    for (Region region : regions.values()) {
      if (region.isOpen() && ObjectKind.hasClaims(kindOf(region.name()))) {
        mapped.add(region);
        known.add(region.name());
      }
    }
    boolean isWhole = true;
    var unmapped = new ArrayList<Path>();
    try {
      listUnmapped(death.dead, known, unmapped);
    } catch (IOException e) {
      death.tell(e);
      isWhole = false;
    }
    var seats = (SocketBell) bell;
    int seat = -1;
    try {
      seat = seats.seatOf(death.dead);
    } catch (UncheckedIOException e) {
      death.tell(e);
      isWhole = false;
    }
    boolean any = false;
    for (Path file : unmapped) {
      try {
        any |= recoverUnmapped(file, seat, death);
      } catch (IOException e) {
        death.tell(e);
        isWhole = false;
      }
    }
    for (Region region : mapped) {
      any |= recover(region, seat, death);
    }
    if (seat >= 0 && isWhole) { // else a word might still name it, which another one would get
      seats.vacate(seat, death.dead);
    }
    if (any || seat >= 0) {
      // Of objects without claims too: it may have died between a change and its ring.
      seats.ringAll(RingKey.EVERYBODY);
    }
    return isWhole;
  }

  /** Finds the objects that this process does not use, and deletes what the dead was making. */
  private void listUnmapped(long dead, Set<String> known, List<Path> unmapped) throws IOException {
    String making = MAKING + dead + '-';
    try {
      for (Path file : Listing.of(Objects.requireNonNull(folder), "*")) {
        String name = String.valueOf(file.getFileName());
        if (name.startsWith(making)) {
          deleteQuietly(file);
        } else if (name.startsWith(OBJECT)
            && ObjectKind.hasClaims(kindOf(name))
            && !known.contains(name)) {
          unmapped.add(file);
        }
      }
    } catch (NoSuchFileException e) {
      // It was deleted between; or the whole folder was: then what is mapped here is all there is.
    }
  }

  /**
   * Recovers an object that this process does not use. It is mapped for that only: there may be
   * more objects than a process may have mappings.
   */
  private boolean recoverUnmapped(Path file, int seat, Death death) throws IOException {
    try (Arena here = Arena.ofConfined()) {
      MemorySegment memory = Uninterrupted.call(() -> Region.mapped(file, here));
      return recover(
          new Region(this, String.valueOf(file.getFileName()), memory, null), seat, death);
    } catch (NoSuchFileException e) {
      return false; // it was freed meanwhile
    }
  }

  private boolean recover(Region region, int seat, Death death) {
    try {
      if (region.wasUsedBy(death.dead)) {
        keep(death.dead, death.certificate); // before the word tells the next owner to look for it
      }
      String last = region.recover(death.dead, seat, death.asked);
      if (last != null) {
        death.received.add(last + " of SharedQueue " + numberOf(region.name()));
      }
      region.ringAll(); // before the other objects are looked at
      return true;
    } catch (IllegalStateException e) {
      return false; // it was freed meanwhile
    }
  }

  private void keep(long dead, DeathCertificate certificate) {
    if (deaths.putIfAbsent(dead, certificate) == null && folder != null) {
      Path file = folder.resolve(DIED + dead);
      try (var out = new ObjectOutputStream(Files.newOutputStream(file))) {
        out.writeObject(certificate);
      } catch (IOException e) {
        Log.get().log(System.Logger.Level.WARNING, "a death could not be told to workers", e);
      }
    }
  }

  /** Returns the number that the object with this name is shown with. */
  public static String numberOf(String name) {
    return name.substring(OBJECT.length() + 2);
  }

  /** Returns the certificate of a process that died with a lock. */
  public DeathCertificate certificate(long dead) {
    DeathCertificate known = deaths.get(dead);
    if (known == null && folder != null) {
      Path file = folder.resolve(DIED + dead);
      try (var in = new ObjectInputStream(Files.newInputStream(file))) {
        known = (DeathCertificate) in.readObject();
      } catch (IOException | ClassNotFoundException | ClassCastException e) {
        Log.get().log(System.Logger.Level.DEBUG, "no certificate of process " + dead, e);
      }
    }
    return known == null
        ? DeathCertificate.of("worker number " + (dead - PARENT), 0, -1, "died in an unknown way")
        : known;
  }

  /** Called in a worker that is about to exit: see {@link SocketBell#stepAside}. */
  void stepAside() {
    if (bell instanceof SocketBell sockets) {
      sockets.stepAside();
    }
  }

  /** Ends all objects of this pool in this process. */
  public synchronized void end() {
    ended = true;
    host = NOBODY;
    for (Region region : Set.copyOf(regions.values())) {
      regions.remove(region.name());
      region.unmap();
    }
    if (bell instanceof SocketBell sockets) {
      sockets.close();
    } else {
      ringOwn(RingKey.EVERYBODY);
    }
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "left for the end of the pool: " + file, e);
    }
  }
}
