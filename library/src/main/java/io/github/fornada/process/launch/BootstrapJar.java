package io.github.fornada.process.launch;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A small jar of this library's own classes, for workers whose JVM cannot find them by itself: in a
 * Spring Boot executable jar they are in a jar inside a jar, which only that jar's own loader can
 * read. Such a worker fetches every other class that it lacks from its parent.
 *
 * <p>The classes need no list: a class file names all classes that it uses, so they are found from
 * a few roots.
 */
public final class BootstrapJar {
  /**
   * The library's root package, as in a class file. Not a constant, because the library may be
   * relocated.
   */
  private static final String PREFIX =
      parent(parent(BootstrapJar.class.getPackageName())).replace('.', '/') + "/";

  static final String WORKER = "process/worker/WorkerMain";

  /** The program that creates an ahead-of-time cache. */
  static final String TRAINING = "process/AotTraining";

  /**
   * All other classes are found from these. By name, because this package must not depend on the
   * parent's side.
   */
  private static final List<String> ROOTS =
      List.of(
          WORKER,
          TRAINING,
          // WorkerMain names it in a string.
          "process/worker/ParentSignals",
          // A task may open a pool of its own, of this package or of another.
          "process/ProcessPool",
          "process/HelperOpener",
          "process/RemotePool",
          "process/RemoteAgent",
          "process/ClusterConnector",
          "elastic/Indirect",
          "PoolOptions",
          // Or a scope, whose package comes from the parent. But all classes of one package need
          // one loader, so the classes that it uses from these packages must be here.
          "spi/CapturedContext",
          "process/payload/PayloadSize",
          "shared/memory/ElementRing",
          "shared/memory/Mutex",
          "shared/memory/Permits",
          "shared/memory/TwoCopies",
          "shared/memory/WaitPoint",
          "jvm/BoundedText",
          "jvm/Durations",
          "jvm/InterruptGate",
          "jvm/Interrupts",
          "jvm/Log",
          "jvm/StartedBy",
          "jvm/OwnGroup",
          "jvm/Paragraph",
          "jvm/StackSample",
          "jvm/Timer");

  private BootstrapJar() {}

  /** Writes the jar, with every class that is reachable from the roots. */
  static void write(Path jar) throws IOException {
    write(Files.newOutputStream(jar), classes());
  }

  /** Writes a jar without compression, which is the fastest to make and to read. */
  private static void write(OutputStream to, Map<String, byte[]> files) throws IOException {
    try (var zip = new ZipOutputStream(to)) {
      zip.setMethod(ZipOutputStream.STORED);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        byte[] bytes = file.getValue();
        var crc = new CRC32();
        crc.update(bytes);
        var entry = new ZipEntry(file.getKey());
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
      }
    }
  }

  /** Returns the class files that a worker needs, by the names of their entries. */
  public static Map<String, byte[]> classes() throws IOException {
    var found = new TreeMap<String, byte[]>();
    var open = new ArrayDeque<String>();
    for (String root : ROOTS) {
      open.add(entry(root));
    }
    while (!open.isEmpty()) {
      String entry = open.remove();
      byte[] bytes = found.containsKey(entry) ? null : read(entry);
      if (bytes != null) {
        found.put(entry, bytes);
        addNames(bytes, open);
      }
    }
    for (String root : ROOTS) {
      if (!found.containsKey(entry(root))) {
        throw new IOException(
            "the class loader of Fornada ("
                + BootstrapJar.class.getClassLoader()
                + ") does not give the class file of "
                + className(root)
                + ", which workers need");
      }
    }
    return found;
  }

  /**
   * Adds what may be names of this library's classes: names and descriptors are plain text in the
   * file.
   */
  private static void addNames(byte[] bytes, ArrayDeque<String> to) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    for (int at = text.indexOf(PREFIX); at >= 0; at = text.indexOf(PREFIX, at + 1)) {
      int end = at;
      while (end < text.length()
          && (text.charAt(end) == '/' || Character.isJavaIdentifierPart(text.charAt(end)))
          && text.charAt(end) >= ' ') {
        end++;
      }
      to.add(text.substring(at, end) + ".class");
    }
  }

  private static byte @Nullable [] read(String entry) throws IOException {
    ClassLoader loader = BootstrapJar.class.getClassLoader();
    try (InputStream in =
        loader == null
            ? ClassLoader.getSystemResourceAsStream(entry)
            : loader.getResourceAsStream(entry)) {
      return in == null ? null : in.readAllBytes();
    }
  }

  private static String entry(String root) {
    return PREFIX + root + ".class";
  }

  /** Returns the name of a class that is given in the form of {@link #WORKER}. */
  static String className(String root) {
    return (PREFIX + root).replace('/', '.');
  }

  private static String parent(String packageName) {
    return packageName.substring(0, packageName.lastIndexOf('.'));
  }
}
