package io.github.fornada.process;

import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.worker.ParentClassLoader;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The classes and resources that workers lack, from the loaders that the functions came with: the
 * one seen last first, and the context loader of whoever opened the pool after all of them.
 */
final class ClassServer {
  /** The longest class file or resource that is sent. */
  private static final int LONGEST = ControlChannel.LONGEST - 1024;

  /** In the order to ask. Weak: a pool must not keep a loader alive that nobody else uses. */
  private volatile List<WeakReference<ClassLoader>> loaders = List.of();

  private final @Nullable Function<String, byte @Nullable []> classFiles;

  ClassServer(@Nullable Function<String, byte @Nullable []> classFiles) {
    this.classFiles = classFiles;
    add(Thread.currentThread().getContextClassLoader());
  }

  /** A function or an initializer came with this loader. */
  void add(@Nullable ClassLoader loader) {
    if (loader == null || (!loaders.isEmpty() && loaders.getFirst().refersTo(loader))) {
      return;
    }
    synchronized (this) {
      var changed = new ArrayList<WeakReference<ClassLoader>>();
      changed.add(new WeakReference<>(loader));
      for (WeakReference<ClassLoader> known : loaders) {
        if (!known.refersTo(loader) && !known.refersTo(null)) {
          changed.add(known);
        }
      }
      loaders = List.copyOf(changed);
    }
  }

  private List<ClassLoader> loaders() {
    var all = new ArrayList<ClassLoader>();
    for (WeakReference<ClassLoader> known : loaders) {
      ClassLoader loader = known.get();
      if (loader != null) {
        all.add(loader);
      }
    }
    return all;
  }

  /** Answers a worker's question. What the user's loaders throw is an answer too. */
  void answer(ControlChannel.Frame question, ControlChannel to) throws CorruptFrameException {
    MessageInput in = question.body();
    int request = in.getInt();
    String name = in.getString();
    var answer = new MessageOutput().putInt(request);
    int head = answer.size();
    boolean isClass = question.type() == MessageTypes.FIND_CLASS;
    int which = isClass ? 0 : in.getInt();
    try {
      if (isClass) {
        putClass(name, answer);
      } else if (which < 0) {
        answer.putByte(MessageTypes.FOUND).putInt(resources(name).size());
      } else {
        putResource(name, which, answer);
      }
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      answer.truncate(head);
      reason(answer, "looking for it in the parent process failed: " + e);
    }
    to.send(isClass ? MessageTypes.CLASS : MessageTypes.RESOURCE, answer);
  }

  private static void reason(MessageOutput answer, String why) {
    byte[] utf8 = why.getBytes(StandardCharsets.UTF_8);
    answer.putByte(MessageTypes.NOT_FOUND);
    answer.write(utf8, 0, utf8.length);
  }

  private static void put(MessageOutput answer, byte[] bytes) {
    if (bytes.length > LONGEST) {
      reason(answer, "it is longer than the " + (LONGEST >> 20) + " MiB that are sent at most");
    } else {
      answer.putByte(MessageTypes.FOUND);
      answer.write(bytes, 0, bytes.length);
    }
  }

  // ---- classes

  private void putClass(String name, MessageOutput answer) throws IOException {
    byte[] bytes = classFile(name);
    if (bytes != null) {
      put(answer, bytes);
    } else {
      reason(answer, whyNot(name));
    }
  }

  private byte @Nullable [] classFile(String name) throws IOException {
    byte[] given = classFiles == null ? null : classFiles.apply(name);
    if (given != null) {
      return given;
    }
    String resource = name.replace('.', '/') + ".class";
    for (ClassLoader loader : loaders()) {
      if (loader instanceof ParentClassLoader fetching) {
        // This is a worker itself, with a pool of its own.
        try {
          return fetching.fetchClass(name);
        } catch (ClassNotFoundException e) {
          continue;
        }
      }
      byte[] bytes = read(loader.getResourceAsStream(resource));
      if (bytes != null) {
        return bytes;
      }
    }
    return null;
  }

  private static byte @Nullable [] read(@Nullable InputStream from) throws IOException {
    try (from) {
      return from == null ? null : from.readNBytes(LONGEST + 1);
    }
  }

  private String whyNot(String name) {
    for (ClassLoader loader : loaders()) {
      try {
        Class<?> found = Class.forName(name, false, loader);
        return "it was defined at run time in the parent process, and its loader, "
            + found.getClassLoader()
            + ", does not give its class file. Let that loader's getResourceAsStream give it, or"
            + " tell the pool with withClassFiles";
      } catch (ClassNotFoundException | LinkageError e) {
        // not this one
      }
    }
    return "nor does the parent process have it";
  }

  // ---- resources

  /** One place of a resource; without a URL its loader gives it as a stream only. */
  private record Place(ClassLoader loader, @Nullable URL url) {}

  private void putResource(String name, int which, MessageOutput answer) throws IOException {
    List<Place> places = resources(name);
    byte[] bytes = which < places.size() ? read(open(name, which, places.get(which))) : null;
    if (bytes == null) {
      reason(answer, "nor does the parent process have it");
    } else {
      put(answer, bytes);
    }
  }

  private static @Nullable InputStream open(String name, int which, Place place)
      throws IOException {
    URL url = place.url();
    if (which == 0 || url == null) {
      return place.loader().getResourceAsStream(name);
    }
    URLConnection connection = url.openConnection();
    connection.setUseCaches(false); // a jar would stay open
    return connection.getInputStream();
  }

  /** Where a resource lies that a worker does not find by itself. */
  private List<Place> resources(String name) throws IOException {
    ClassLoader system = ClassLoader.getSystemClassLoader();
    List<URL> known = Collections.list(system.getResources(name));
    Map<String, Place> places = new LinkedHashMap<>();
    for (ClassLoader loader : loaders()) {
      if (loader.equals(system)) {
        continue;
      }
      for (URL url : Collections.list(loader.getResources(name))) {
        places.putIfAbsent(url.toExternalForm(), new Place(loader, url));
      }
      if (known.isEmpty() && places.isEmpty()) {
        try (InputStream in = loader.getResourceAsStream(name)) {
          if (in != null) {
            return List.of(new Place(loader, null));
          }
        }
      }
    }
    for (URL url : known) {
      places.remove(url.toExternalForm());
    }
    return List.copyOf(places.values());
  }
}
