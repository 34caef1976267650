package io.github.fornada.fory;

import io.github.fornada.spi.PayloadCodec;
import java.util.List;
import org.apache.fory.Fory;

/**
 * Writes items and results with <a href="https://fory.apache.org">Apache Fory</a>, which generates
 * code for each class it meets: records, beans, enums and the JDK's collections, whether they are
 * {@link java.io.Serializable} or not.
 *
 * {@snippet :
 * record Point(int id, String name, double x) {}
 *
 * try (Pool pool = ProcessPool.open(o -> o.withCodec(new ForyCodec()))) {
 *   List<Point> moved = pool.map(points, p -> new Point(p.id(), p.name(), p.x() + 1));
 * }
 * }
 *
 * <p><b>The command line.</b> Workers get what Fory wants by themselves. The parent's command line
 * needs nothing; but unless it has {@code --add-opens=java.base/java.lang.invoke=ALL-UNNAMED} (or
 * the manifest of its executable jar has {@code Add-Opens: java.base/java.lang.invoke}), the JDK
 * prints once that Fory calls {@code sun.misc.Unsafe}.
 *
 * <p><b>What costs time.</b> Fory takes half a second to load in each process, while a worker
 * starts, and some ten milliseconds for each new class, as part of the first item that has one.
 *
 * <p><b>What is written.</b> All fields, private ones too, and references within one item: an
 * object that is there twice stays one object, and cycles are well. Classes go by name, and both
 * sides must have the same version of them, as they have unless a jar is replaced under a running
 * program: that is not checked.
 *
 * <p><b>What is refused.</b> Classes need not be registered, so this is as open as the JDK's
 * serialization: a worker that was taken over could have the parent make objects of nearly any
 * class. Not of those on Fory's own list of dangerous ones, nor of the JDK's that are not
 * serializable; nor may values be nested deeper than {@value #MAX_DEPTH}, or claim more memory than
 * the JVM's heap. Fory asks no {@code jdk.serialFilter}; if one is set for the whole JVM, {@link
 * #open} fails there.
 *
 * <p>Fory's remarks of less than an error, which it prints on standard output, are switched off
 * unless the environment variable {@code FORY_LOG_LEVEL} asks for them.
 *
 * <p>Immutable, and used by many threads.
 */
public record ForyCodec() implements PayloadCodec {
  /** How deep the objects of one item may be nested. */
  public static final int MAX_DEPTH = 1000;

  @Override
  public Session open(ClassLoader loader) {
    return new ForySession(loader);
  }

  /** What lets Fory do without {@code sun.misc.Unsafe}, and the JDK without its warning. */
  @Override
  public List<String> workerJvmOptions() {
    return List.of("--add-opens=java.base/java.lang.invoke=ALL-UNNAMED");
  }

  @Override
  public String name() {
    return Fory.class.getSimpleName();
  }
}
