package io.github.fornada.process.payload;

import io.github.fornada.jvm.Timer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What this JVM has mapped of other processes' large data, each file once. A mapping goes when its
 * owner says so; by then the file's <em>sentinel</em> is gone, so that whoever comes late cannot
 * map it again.
 */
public final class Mappings {
  /** By the path of the sentinel. Guarded by itself. */
  private static final Map<String, Mapped> OPEN = new HashMap<>();

  /** Hears of each mapping that goes, so that others who have mapped the file let it go too. */
  public interface Listener {
    void unmapped(String sentinel);
  }

  /** The open pools of this JVM: what is unmapped here, their workers must unmap too. */
  private static final Set<Listener> LISTENERS = ConcurrentHashMap.newKeySet();

  private record Mapped(MemorySegment segment, Arena arena) {}

  private Mappings() {}

  public static void add(Listener pool) {
    LISTENERS.add(pool);
  }

  public static void remove(Listener pool) {
    LISTENERS.remove(pool);
  }

  /**
   * The content of a file, read-only.
   *
   * @param sentinel a file that is there as long as the content may be mapped; often the file
   *     itself
   * @throws java.nio.file.NoSuchFileException if the sentinel or the file is gone
   */
  static MemorySegment get(String sentinel, Path file, long size) throws IOException {
    synchronized (OPEN) {
      Mapped known = OPEN.get(sentinel);
      if (known == null) {
        known = map(file, size);
        // After the mapping, not before: who deletes the sentinel tells us later to forget this.
        if (!Files.exists(Path.of(sentinel), LinkOption.NOFOLLOW_LINKS)) {
          known.arena.close();
          throw new java.nio.file.NoSuchFileException(sentinel);
        }
        OPEN.put(sentinel, known);
      }
      return known.segment;
    }
  }

  /** The content of a file that is its own sentinel, and as long as it is. */
  static MemorySegment get(Path file) throws IOException {
    synchronized (OPEN) {
      Mapped known = OPEN.get(file.toString());
      if (known != null) {
        return known.segment;
      }
    }
    return get(file.toString(), file, Files.size(file));
  }

  @SuppressWarnings("MustBeClosed") // by forget
  private static Mapped map(Path file, long size) throws IOException {
    Arena arena = Arena.ofShared();
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() != size) {
        throw new IOException(
            file + " has " + channel.size() + " bytes; it had " + size + " when it was shared");
      }
      return new Mapped(channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena), arena);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Unmaps it, here and in the workers of this JVM's pools. Its sentinel must be gone. */
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
      // Some thread has lent it to the system, to write it to a file for instance.
      var _ = Timer.after(Duration.ofSeconds(1), () -> unmap(arena));
    }
  }
}
