package io.github.fornada.fory;

import io.github.fornada.spi.PayloadCodec;
import java.util.List;
import org.apache.fory.Fory;

/**
 * A codec that encodes items and results with <a href="https://fory.apache.org">Apache Fory</a>.
 * Fory generates code for each class: records, beans, enums and the JDK's collections, whether they
 * are {@link java.io.Serializable} or not.
 *
 * {@snippet :
 * record Point(int id, String name, double x) {}
 *
 * try (Pool pool = ProcessPool.open(o -> o.withCodec(new ForyCodec()))) {
 *   List<Point> moved = pool.map(points, p -> new Point(p.id(), p.name(), p.x() + 1));
 * }
 * }
 *
 * <p><b>The command line.</b> Workers get the JVM options that Fory needs automatically. The
 * parent's command line needs none. However, unless it has {@code
 * --add-opens=java.base/java.lang.invoke=ALL-UNNAMED} (or the manifest of its executable jar has
 * {@code Add-Opens: java.base/java.lang.invoke}), the JDK prints once that Fory calls {@code
 * sun.misc.Unsafe}.
 *
 * <p><b>What costs time.</b> Fory takes half a second to load in each process, while a worker
 * starts, and some ten milliseconds for each new class, as part of the first item that has one.
 *
 * <p><b>What is written.</b> All fields, private ones included, and references within one item: an
 * object that occurs twice stays one object, and cycles are allowed. Classes are sent by name. Both
 * sides must have the same version of a class, which is not checked; they have it unless a jar is
 * replaced while the program runs. Two things that the JDK's serialization keeps are lost: a {@link
 * java.util.LinkedHashMap} in the order of access arrives in that of insertion, and a collection of
 * a class whose constructor or initializer adds elements, as {@code new ArrayList<>() {{ add(1);
 * }}}, has those twice.
 *
 * <p><b>What is refused.</b> Classes need not be registered, so the codec is as open as the JDK's
 * serialization: a compromised worker could make the parent create objects of nearly any class.
 * Refused are the classes on Fory's own list of dangerous classes, classes of the JDK that are not
 * serializable, values nested deeper than {@value #MAX_DEPTH}, and values that claim more memory
 * than the JVM's heap. Fory does not use {@code jdk.serialFilter}; if one is set for the whole JVM,
 * {@link #open} fails.
 *
 * <p>Fory prints its log to standard output. Messages below the level of an error are switched off
 * unless the environment variable {@code FORY_LOG_LEVEL} is set.
 *
 * <p>Immutable; may be used by several threads at once.
 */
public record ForyCodec() implements PayloadCodec {
  /** How deep the objects of one item may be nested. */
  public static final int MAX_DEPTH = 1000;

  @Override
  public Session open(ClassLoader loader) {
    return new ForySession(loader);
  }

  /** The option with which Fory does not use {@code sun.misc.Unsafe}, and the JDK does not warn. */
  @Override
  public List<String> workerJvmOptions() {
    return List.of("--add-opens=java.base/java.lang.invoke=ALL-UNNAMED");
  }

  @Override
  public String name() {
    return Fory.class.getSimpleName();
  }
}
