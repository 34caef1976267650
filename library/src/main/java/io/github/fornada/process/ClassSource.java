package io.github.fornada.process;

import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/** The bytes of classes that workers lack, from the loaders that the functions came with. */
final class ClassSource {
  /** Weak: a pool must not keep a loader alive that nobody else uses any more. */
  private final Set<ClassLoader> loaders =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  ClassSource() {
    add(Thread.currentThread().getContextClassLoader());
  }

  void add(@Nullable ClassLoader loader) {
    if (loader != null) {
      loaders.add(loader);
    }
  }

  /** Answers a worker's question for a class. */
  void answer(Input question, Control to) throws IOException {
    var answer = new Output().putInt(question.getInt());
    byte[] bytes = find(question.getString());
    answer.write(bytes, 0, bytes.length);
    to.send(Wire.CLASS, answer);
  }

  /** The class file; empty if no loader has it. */
  private byte[] find(String name) throws IOException {
    String resource = name.replace('.', '/') + ".class";
    Set<ClassLoader> all;
    synchronized (loaders) {
      all = new LinkedHashSet<>(loaders);
    }
    for (ClassLoader loader : all) {
      try (InputStream in = loader.getResourceAsStream(resource)) {
        if (in != null) {
          return in.readAllBytes();
        }
      }
    }
    return new byte[0];
  }
}
