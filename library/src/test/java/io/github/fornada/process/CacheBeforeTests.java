package io.github.fornada.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Makes the ahead-of-time cache that workers start from, before the tests: a run of all of them
 * starts some thousand workers, which take half of the processor time with it. It is made once for
 * each build of the library, in a folder that {@code pom.xml} names. A run of a few tests uses one
 * that is there, and makes none.
 *
 * <p>Tests in which workers do not start have it deleted, as a cache that may be bad; it is put
 * back for the class that is next.
 */
public final class CacheBeforeTests implements TestExecutionListener {
  /** The folder for the cache; see {@code AotCacheFolder}. */
  static final String FOLDER = "fornada.aot.folder";

  private static final boolean FIRST = Boolean.getBoolean("fornada.aot.first");

  private static volatile boolean isMade;

  @Override
  public void testPlanExecutionStarted(TestPlan plan) {
    if (FIRST && !isMade) { // a JVM may be given its classes one by one
      isMade = true;
      try {
        var _ = ProcessPool.makeAotCache(o -> o);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void executionStarted(TestIdentifier started) {
    if (isMade && started.isContainer()) {
      try {
        Path folder = Path.of(System.getProperty(FOLDER));
        Path kept = Files.createDirectories(folder.resolve("kept"));
        for (Path cache : caches(folder)) {
          link(kept.resolve(cache.getFileName()), cache);
        }
        for (Path cache : caches(kept)) {
          String name = cache.getFileName().toString();
          Files.deleteIfExists(folder.resolve(name.replace(".aot", ".refused")));
          link(folder.resolve(name), cache);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static List<Path> caches(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".aot")).toList();
    }
  }

  private static void link(Path file, Path existing) throws IOException {
    try {
      Files.createLink(file, existing);
    } catch (FileAlreadyExistsException e) {
      // As it should be.
    } catch (NoSuchFileException e) {
      // Deleted just now.
    }
  }
}
