package io.github.fornada.advice;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Cause;
import io.github.fornada.advice.decide.Learned;
import io.github.fornada.advice.decide.Setting;
import io.github.fornada.elastic.Indirect;
import io.github.fornada.jvm.Listing;
import io.github.fornada.jvm.Log;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what was learned of functions, in small files in the user's cache folder. A file is found
 * by the bytes of the function's class, the JDK and the machine, so what was learned of another
 * version or elsewhere is not used. Nothing leaves the machine.
 */
final class Memory {
  /** A folder to use instead of the user's cache folder. */
  static final String PROPERTY = "fornada.advice.folder";

  private static final String SUFFIX = ".learned";

  private static final String UNFINISHED = "new-";
  private static final Duration LONG_AGO = Duration.ofHours(1);

  /**
   * A file says the setting, the cause, the cause in words, and what is known of the other side:
   * how long one item waits, in nanoseconds, and how many it gives in a nanosecond.
   */
  private static final int LINES = 4;

  private final Path folder;

  /** Whether earlier knowledge is used; it is replaced in any case. */
  private final boolean recalls;

  Memory(Path folder, boolean recalls) {
    this.folder = folder;
    this.recalls = recalls;
  }

  /** Returns the user's folder; null if the system has none. */
  static @Nullable Path folder() {
    String given = System.getProperty(PROPERTY);
    if (given != null) {
      return Path.of(given);
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    if (xdg != null && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg, "fornada", "advice");
    }
    String home = System.getProperty("user.home", "");
    String system = System.getProperty("os.name", "");
    if (home.isEmpty() || !Path.of(home).isAbsolute() || system.startsWith("Windows")) {
      return null;
    }
    return system.startsWith("Mac")
        ? Path.of(home, "Library", "Caches", "fornada", "advice")
        : Path.of(home, ".cache", "fornada", "advice");
  }

  /** Returns the name under which a function is kept; null if its class cannot be read. */
  @Nullable String key(Object function) {
    Class<?> type = function.getClass();
    String owner = type.getName();
    String method = "";
    if (function instanceof Indirect call) {
      type = call.calledClass();
      owner = type.getName();
      method = call.calledMethod();
    } else if (type.isHidden()) {
      SerializedLambda lambda = lambda(function);
      if (lambda == null) {
        return null;
      }
      owner = lambda.getImplClass().replace('/', '.');
      method = lambda.getImplMethodName() + lambda.getImplMethodSignature();
    }
    byte[] code = classFile(type.getClassLoader(), owner);
    if (code == null) {
      return null;
    }
    MessageDigest digest = sha256();
    digest.update(code);
    digest.update(text(method));
    digest.update(text(System.getProperty("java.vm.vendor", "")));
    digest.update(text(Runtime.version().toString()));
    digest.update(text(System.getProperty("os.arch", "")));
    digest.update(text(String.valueOf(Runtime.getRuntime().availableProcessors())));
    return HexFormat.of().formatHex(digest.digest(), 0, 16);
  }

  private static byte[] text(String part) {
    return (part + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static @Nullable SerializedLambda lambda(Object function) {
    if (!(function instanceof Serializable)) {
      return null;
    }
    try {
      Method replace = function.getClass().getDeclaredMethod("writeReplace");
      replace.setAccessible(true);
      return replace.invoke(function) instanceof SerializedLambda parts ? parts : null;
    } catch (ReflectiveOperationException | RuntimeException e) {
      return null; // closed to this library
    }
  }

  private static byte @Nullable [] classFile(@Nullable ClassLoader loader, String name) {
    String file = name.replace('.', '/') + ".class";
    try (InputStream in =
        loader == null
            ? ClassLoader.getSystemResourceAsStream(file)
            : loader.getResourceAsStream(file)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException | RuntimeException | LinkageError e) { // as of a loader that was closed
      return null;
    }
  }

  /** Returns what was learned; null if nothing was, or it cannot be read. */
  @Nullable Learned recall(String key) {
    Path file = folder.resolve(key + SUFFIX);
    if (!recalls || !Files.isReadable(file)) {
      return null;
    }
    try {
      List<String> lines = Files.readAllLines(file);
      Setting setting = lines.size() == LINES ? setting(lines.getFirst()) : null;
      Cause cause = setting == null ? null : cause(lines.get(1));
      if (setting == null || cause == null) {
        return null;
      }
      String[] side = lines.get(3).split(" ");
      double capacity = Double.parseDouble(side[1]);
      return new Learned(setting, cause, lines.get(2), Double.parseDouble(side[0]), capacity);
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
      return null; // it is learned anew
    }
  }

  private static @Nullable Setting setting(String line) {
    String[] words = line.split(" ");
    for (ExecutionModel model : ExecutionModel.values()) {
      if (words.length == 2 && model.label().equals(words[0])) {
        return new Setting(model, Integer.parseInt(words[1]));
      }
    }
    return null;
  }

  private static @Nullable Cause cause(String label) {
    for (Cause cause : Cause.values()) {
      if (cause.label().equals(label)) {
        return cause;
      }
    }
    return null;
  }

  /** Keeps what was learned. A failure is logged: the program does not need it. */
  void keep(String key, Learned learned) {
    try {
      Files.createDirectories(folder);
      deleteUnfinished();
      Path made = Files.createTempFile(folder, UNFINISHED, SUFFIX);
      try {
        Setting setting = learned.setting();
        String text =
            setting.model().label()
                + " "
                + setting.size()
                + "\n"
                + learned.cause().label()
                + "\n"
                + learned.sentence().lines().collect(Collectors.joining(" "))
                + "\n"
                + learned.waitNanos()
                + " "
                + learned.capacity()
                + "\n";
        Files.writeString(made, text);
        move(made, folder.resolve(key + SUFFIX));
      } finally {
        Files.deleteIfExists(made);
      }
    } catch (IOException | RuntimeException e) {
      Log.get().log(System.Logger.Level.DEBUG, "what was learned of a task could not be kept", e);
    }
  }

  /** Deletes what programs have left that ended while they wrote. */
  private void deleteUnfinished() throws IOException {
    FileTime before = FileTime.from(Instant.now().minus(LONG_AGO));
    try {
      for (Path file : Listing.of(folder, UNFINISHED + "*")) {
        if (Files.getLastModifiedTime(file).compareTo(before) < 0) {
          Files.deleteIfExists(file);
        }
      }
    } catch (NoSuchFileException e) {
      // Another program has deleted it between.
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /**
   * Deletes everything that was learned; returns how many functions that were.
   *
   * @throws UncheckedIOException if a file cannot be deleted
   */
  static int forget(@Nullable Path folder) {
    if (folder == null || !Files.isDirectory(folder)) {
      return 0;
    }
    int count = 0;
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (Objects.requireNonNull(file.getFileName()).toString().endsWith(SUFFIX)) {
          count += Files.deleteIfExists(file) ? 1 : 0;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("what was learned cannot be deleted from " + folder, e);
    }
    return count;
  }
}
