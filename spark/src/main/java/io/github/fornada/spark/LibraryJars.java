package io.github.fornada.spark;

import io.github.fornada.process.RemotePool;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.spark.SparkContext;

/** Sends this library to the executors. */
final class LibraryJars {
  /** Jars made of folders, by folder. Guarded by itself. */
  private static final Map<Path, Path> MADE = new HashMap<>();

  private LibraryJars() {}

  /** Adds the jars of the library and of this module to what executors load. */
  static void add(SparkContext context) {
    for (Class<?> each : List.of(RemotePool.class, SparkPool.class)) {
      Path jar = jar(each);
      boolean known = context.listJars().exists(url -> url.endsWith("/" + jar.getFileName()));
      if (!known) {
        context.addJar(jar.toString());
      }
    }
  }

  private static Path jar(Class<?> of) {
    try {
      Path place = Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI());
      return Files.isDirectory(place) ? made(place) : place;
    } catch (URISyntaxException | RuntimeException e) {
      throw new IllegalStateException(
          "the jar with " + of.getName() + " cannot be found: put it on the class path", e);
    }
  }

  private static Path made(Path folder) {
    synchronized (MADE) {
      Path known = MADE.get(folder);
      if (known != null && Files.exists(known)) {
        return known;
      }
      try {
        Path jar = Files.createTempFile("fornada-", ".jar");
        jar.toFile().deleteOnExit();
        write(folder, jar);
        MADE.put(folder, jar);
        return jar;
      } catch (IOException e) {
        throw new UncheckedIOException("no jar could be made of " + folder, e);
      }
    }
  }

  private static void write(Path folder, Path jar) throws IOException {
    try (OutputStream to = Files.newOutputStream(jar);
        var zip = new ZipOutputStream(to)) {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              String name = folder.relativize(file).toString().replace('\\', '/');
              if (!name.equals("module-info.class")) {
                zip.putNextEntry(new ZipEntry(name));
                Files.copy(file, zip);
              }
              return FileVisitResult.CONTINUE;
            }
          });
    }
  }
}
