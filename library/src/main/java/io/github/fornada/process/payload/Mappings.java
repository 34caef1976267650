package io.github.fornada.process.payload;

import io.github.fornada.jvm.Timer;
import io.github.fornada.jvm.Uninterrupted;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The files of other processes' large data that this JVM has mapped, each once. A mapping is
 * removed when its owner says so. By then the file's <em>sentinel</em> is deleted, so that a late
 * reader cannot map the file again.
 */
public final class Mappings {
  /** The mappings by the path of the sentinel. Guarded by itself. */
  private static final Map<String, Mapped> OPEN = new HashMap<>();

  /**
   * Is called for each mapping that is removed, so that other processes that have mapped the file
   * unmap it too.
   */
  public interface Listener {
    void unmapped(String sentinel);
  }

  /** The open pools of this JVM: their workers must unmap what is unmapped here. */
  private static final Set<Listener> LISTENERS = ConcurrentHashMap.newKeySet();

  /** Where this process finds files of another machine, which are not at their own path. */
  private static final List<Path> ELSEWHERE = new CopyOnWriteArrayList<>();

  private record Mapped(MemorySegment segment, Arena arena) {}

  private Mappings() {}

  public static void add(Listener pool) {
    LISTENERS.add(pool);
  }

  public static void remove(Listener pool) {
    LISTENERS.remove(pool);
  }

  /**
   * Lets this process look into {@code folder} for files that are not at their own path: a remote
   * agent puts there what it has fetched from its pool's machine.
   */
  public static void lookIn(Path folder) {
    ELSEWHERE.add(folder);
  }

  /** This process looks there no more. */
  public static void lookNoMoreIn(Path folder) {
    ELSEWHERE.remove(folder);
  }

  /** Returns where this process looks: the workers of its own pools must look there too. */
  public static List<Path> folders() {
    return List.copyOf(ELSEWHERE);
  }

  /**
   * Returns where the agent of another machine puts a file of a pool's private folder.
   *
   * @param folder the private folder of the agent's workers
   */
  public static Path placeOf(String sentinel, Path folder) {
    Path file = Path.of(sentinel);
    // A private folder has a random part in its name.
    return folder.resolve(
        "far-"
            + file.subpath(Math.max(0, file.getNameCount() - 2), file.getNameCount())
                .toString()
                .replace('/', '-'));
  }

  /** Returns where a file is that is its own sentinel. */
  private static Path here(Path file) {
    if (ELSEWHERE.isEmpty() || Files.exists(file)) {
      return file;
    }
    for (Path folder : ELSEWHERE) {
      Path fetched = placeOf(file.toString(), folder);
      if (Files.exists(fetched)) {
        return fetched;
      }
    }
    return file;
  }

  /**
   * Returns the content of a file, read-only.
   *
   * @param sentinel a file that exists as long as the content may be mapped; often the file itself
   * @param identity what {@link #identity} must return for the file; empty for anything
   * @throws java.nio.file.NoSuchFileException if the sentinel or the file is gone
   */
  static MemorySegment get(String sentinel, Path file, long size, String identity)
      throws IOException {
    synchronized (OPEN) {
      Mapped known = OPEN.get(sentinel);
      if (known == null) {
        Path place = sentinel.equals(file.toString()) ? here(file) : file;
        known = Uninterrupted.call(() -> map(place, size, identity));
        // After the mapping, not before: the owner first deletes the sentinel and then tells this
        // process to forget the mapping.
        Path proof = sentinel.equals(file.toString()) ? place : Path.of(sentinel);
        if (!Files.exists(proof, LinkOption.NOFOLLOW_LINKS)) {
          known.arena.close();
          throw new java.nio.file.NoSuchFileException(sentinel);
        }
        OPEN.put(sentinel, known);
      }
      return known.segment;
    }
  }

  /** Returns the whole content of a file that is its own sentinel. */
  static MemorySegment get(Path file) throws IOException {
    synchronized (OPEN) {
      Mapped known = OPEN.get(file.toString());
      if (known != null) {
        return known.segment;
      }
    }
    return get(file.toString(), file, Files.size(file), "");
  }

  /**
   * Returns what distinguishes a file from another that takes its place under the same name; empty
   * where the system does not say.
   */
  static String identity(Path file) throws IOException {
    Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    return key == null ? "" : key.toString();
  }

  @SuppressWarnings("MustBeClosed") // closed by forget()
  private static Mapped map(Path file, long size, String identity) throws IOException {
    Arena arena = Arena.ofShared();
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() != size) {
        throw new IOException(
            file + " has " + channel.size() + " bytes; it had " + size + " when it was shared");
      }
      if (!identity.isEmpty() && !identity.equals(identity(file))) {
        throw new IOException(
            file
                + " is another file than the one that was shared: it was replaced meanwhile. Share"
                + " it again");
      }
      return new Mapped(channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena), arena);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Unmaps a file, here and in the workers of this JVM's pools. Its sentinel must be deleted. */
  public static void forget(String sentinel) {
    Mapped gone;
    synchronized (OPEN) {
      gone = OPEN.remove(sentinel);
    }
    if (gone != null) {
      unmap(gone.arena);
    }
    for (Listener listener : LISTENERS) {
      listener.unmapped(sentinel);
    }
  }

  private static void unmap(Arena arena) {
    try {
      arena.close();
    } catch (IllegalStateException e) {
      // Some thread has passed it to a system call, for instance to write it to a file.
      var _ = Timer.after(Duration.ofSeconds(1), () -> unmap(arena));
    }
  }
}
