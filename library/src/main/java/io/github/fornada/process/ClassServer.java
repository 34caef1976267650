package io.github.fornada.process;

import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.Log;
import io.github.fornada.process.payload.Loaders;
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
import java.net.URLClassLoader;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Serves classes and resources that workers lack, from the loaders of the functions: the loader
 * that was used last comes first, and the context loader of the thread that opened the pool comes
 * last.
 */
final class ClassServer {
  /** The longest class file or resource that is sent. */
  private static final int LONGEST = ControlChannel.LONGEST - 1024;

  /**
   * In the order in which they are asked. Weak, because a pool must not keep alive a loader that is
   * otherwise unused.
   */
  private volatile List<WeakReference<ClassLoader>> loaders = List.of();

  private final @Nullable Function<String, byte @Nullable []> classFiles;

  /** What the names of JShell's classes begin with. */
  private static final String OF_JSHELL = "REPL.$JShell$";

  private static final AtomicBoolean TOLD_OF_JSHELL = new AtomicBoolean();

  /** Whether workers have this JVM's class path. */
  private final boolean samePath;

  /** Answers in the place of this JVM; null if this JVM has the classes. */
  private final @Nullable Elsewhere elsewhere;

  /** Another JVM, which has the classes of the functions. */
  interface Elsewhere {
    /**
     * Returns what {@link ClassServer#answer(Question, MessageOutput)} appends there. May wait.
     *
     * @throws IOException if it cannot be asked
     */
    byte[] answer(Question question) throws IOException;
  }

  ClassServer(@Nullable Function<String, byte @Nullable []> classFiles) {
    this(classFiles, true, null);
  }

  /** Creates a server for workers that do not have this JVM's class path. */
  static ClassServer ofAll(@Nullable Function<String, byte @Nullable []> classFiles) {
    return new ClassServer(classFiles, false, null);
  }

  /** Creates a server for workers whose functions come from another JVM; null if they do not. */
  static ClassServer passingOn(
      @Nullable Function<String, byte @Nullable []> classFiles, @Nullable Elsewhere elsewhere) {
    return new ClassServer(classFiles, true, elsewhere);
  }

  private ClassServer(
      @Nullable Function<String, byte @Nullable []> classFiles,
      boolean samePath,
      @Nullable Elsewhere elsewhere) {
    this.classFiles = classFiles;
    this.samePath = samePath;
    this.elsewhere = elsewhere;
    add(Thread.currentThread().getContextClassLoader());
  }

  /** Adds the loader of a function or of an initializer. */
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
    // Also the loaders of other classes that were sent: of items, of their fields, and of what
    // functions capture.
    for (ClassLoader loader : Loaders.known()) {
      if (!all.contains(loader)) {
        all.add(loader);
      }
    }
    return all;
  }

  /**
   * A worker's question.
   *
   * @param request its number in the worker
   * @param loader the number of the only loader to ask; 0 for all of them
   * @param which which of the locations of a resource, or -1 for their number; 0 for a class
   */
  record Question(int request, boolean isClass, String name, long loader, int which) {}

  static Question question(ControlChannel.Frame frame) throws CorruptFrameException {
    MessageInput in = frame.body();
    boolean isClass = frame.type() == MessageTypes.FIND_CLASS;
    int request = in.getInt();
    String name = in.getString();
    long loader = in.getLong();
    return new Question(request, isClass, name, loader, isClass ? 0 : in.getInt());
  }

  /**
   * Answers a worker's question. An exception of a user's loader is also sent as an answer. The
   * loaders are user code, and may block the calling thread without end.
   */
  void answer(Question question, ControlChannel to) {
    var answer = new MessageOutput().putInt(question.request());
    answer(question, answer);
    send(question, answer, to);
  }

  /** Appends the answer to a question. May block the calling thread without end. */
  void answer(Question question, MessageOutput answer) {
    int head = answer.size();
    String name = question.name();
    try {
      if (elsewhere != null) {
        byte[] there = elsewhere.answer(question);
        answer.write(there, 0, there.length);
        return;
      }
      if (name.startsWith(OF_JSHELL)) {
        tellOfJShell();
      }
      ClassLoader asked = Loaders.byId(question.loader());
      if (question.isClass() && asked != null) {
        putClassOf(asked, name, answer);
      } else if (question.isClass()) {
        putClass(name, answer);
      } else if (question.which() < 0) {
        answer.putByte(MessageTypes.FOUND).putInt(resources(name, asked).size());
      } else {
        putResource(name, question.which(), asked, answer);
      }
    } catch (Throwable e) { // anything that the user's loader throws
      answer.truncate(head);
      reason(answer, "looking for it in the parent process failed: " + BoundedText.of(e));
    }
  }

  /**
   * JShell sets its variables from outside, and redefines the class of a method that is declared
   * again. A worker that has the class learns of neither, and would give other values without a
   * word.
   */
  private static void tellOfJShell() {
    if (!TOLD_OF_JSHELL.getAndSet(true)) {
      Log.get()
          .log(
              System.Logger.Level.WARNING,
              "a task comes from JShell: in a worker process JShell's variables are 0 or null, and"
                  + " a method that was declared again may still be the old one. Give the task all"
                  + " that it uses as its item, open a new pool after a declaration, or use a pool"
                  + " of threads");
    }
  }

  /** Answers that it was not looked for. */
  static void refuse(Question question, ControlChannel to, String why) {
    var answer = new MessageOutput().putInt(question.request());
    reason(answer, "it was not looked for in the parent process: " + why);
    send(question, answer, to);
  }

  private static void send(Question question, MessageOutput answer, ControlChannel to) {
    to.send(question.isClass() ? MessageTypes.CLASS : MessageTypes.RESOURCE, answer);
  }

  /** Returns the answer that it was not looked for. */
  static byte[] refusal(String why) {
    var answer = new MessageOutput();
    reason(answer, "it was not looked for in the parent process: " + why);
    return answer.toByteArray();
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

  /** Answers with the class that one given loader finds; that loader may have it from another. */
  @SuppressWarnings(
      "ReferenceEquality") // loaders are compared by identity: equals may be the user's
  private void putClassOf(ClassLoader asked, String name, MessageOutput answer) throws IOException {
    ClassLoader owner;
    try {
      owner = Class.forName(name, false, asked).getClassLoader();
    } catch (ClassNotFoundException e) {
      // the worker asks its own loader, and then any other
      answer.putByte(MessageTypes.ELSEWHERE).putLong(0);
      return;
    }
    long id = Loaders.idOf(owner);
    if (owner == null || id == 0 || owner != asked) {
      answer.putByte(MessageTypes.ELSEWHERE).putLong(id);
      return;
    }
    byte[] bytes = classFiles == null ? null : classFiles.apply(name);
    if (bytes == null && owner instanceof ParentClassLoader fetching) {
      // This is a worker itself, with a pool of its own.
      try {
        bytes = fetching.fetchClass(name);
      } catch (ClassNotFoundException e) {
        bytes = null; // reported below
      }
    } else if (bytes == null) {
      bytes = read(openOwn(owner, name.replace('.', '/') + ".class"));
    }
    if (bytes != null) {
      put(answer, bytes);
    } else {
      reason(answer, notGiven(owner));
    }
  }

  /** Opens a class file of the loader itself: {@code getResource} would ask its parents first. */
  private static @Nullable InputStream openOwn(ClassLoader owner, String resource)
      throws IOException {
    if (owner instanceof URLClassLoader urls) {
      URL own = urls.findResource(resource);
      if (own != null) {
        URLConnection connection = own.openConnection();
        connection.setUseCaches(false); // with caches, a jar would stay open
        return connection.getInputStream();
      }
    }
    List<URL> all = Collections.list(owner.getResources(resource));
    if (all.size() > 1 && owner.getParent() != null) {
      all.removeAll(Collections.list(owner.getParent().getResources(resource)));
      if (!all.isEmpty()) {
        URLConnection connection = all.getFirst().openConnection();
        connection.setUseCaches(false);
        return connection.getInputStream();
      }
    }
    return owner.getResourceAsStream(resource);
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
        return notGiven(Class.forName(name, false, loader).getClassLoader());
      } catch (ClassNotFoundException | LinkageError e) {
        // not from this loader
      }
    }
    return "nor does the parent process have it";
  }

  private static String notGiven(@Nullable ClassLoader owner) {
    return "it was defined at run time in the parent process, and its loader, "
        + owner
        + ", does not give its class file. Let that loader's getResourceAsStream give it, or"
        + " tell the pool with withClassFiles";
  }

  // ---- resources

  /** One location of a resource; if there is no URL, its loader supplies it as a stream only. */
  private record Place(ClassLoader loader, @Nullable URL url) {}

  private void putResource(
      String name, int which, @Nullable ClassLoader asked, MessageOutput answer)
      throws IOException {
    List<Place> places = resources(name, asked);
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
    connection.setUseCaches(false); // with caches, a jar would stay open
    return connection.getInputStream();
  }

  /**
   * Returns the locations of a resource that a worker does not find by itself.
   *
   * @param asked the only loader to ask, for all that it finds; null for all loaders
   */
  @SuppressWarnings(
      "ReferenceEquality") // loaders are compared by identity: equals may be the user's
  private List<Place> resources(String name, @Nullable ClassLoader asked) throws IOException {
    if (asked != null) {
      return Collections.list(asked.getResources(name)).stream()
          .map(url -> new Place(asked, url))
          .toList();
    }
    ClassLoader system = ClassLoader.getSystemClassLoader();
    List<URL> known = samePath ? Collections.list(system.getResources(name)) : List.of();
    Map<String, Place> places = new LinkedHashMap<>();
    for (ClassLoader loader : loaders()) {
      if (samePath && loader == system) {
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
