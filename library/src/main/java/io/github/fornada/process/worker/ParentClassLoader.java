package io.github.fornada.process.worker;

import io.github.fornada.process.payload.Loaders;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageTypes;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.charset.StandardCharsets;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Loads classes and resources that this worker lacks from its parent: those compiled in memory,
 * defined at run time, or loaded in the parent by a separate loader.
 *
 * <p>Their URLs look like {@code fornada://parent/messages.properties}, and can be opened in this
 * worker only.
 *
 * <p>A worker has one such loader for everything that is requested by its name only, and one more
 * for each loader of the parent whose classes were sent. That one finds for every name the class
 * that its original finds in the parent, in whatever order the original searches: it searches the
 * class path only after the parent has answered that the class is there.
 */
public final class ParentClassLoader extends ClassLoader implements LongFunction<ClassLoader> {
  private static final String SCHEME = "fornada";

  static {
    registerAsParallelCapable();
  }

  private final Questions questions;

  /** Number of the loader that this one stands for; 0 for none. See {@link Loaders}. */
  private final long id;

  /**
   * The loaders that stand for one loader of the parent each, by its number. They are never
   * removed.
   */
  private final Map<Long, ParentClassLoader> byId;

  /** Created when first needed: most workers fetch nothing. */
  private volatile @Nullable ProtectionDomain origin;

  /** Asks the process that has the classes. */
  public interface Questions {
    /**
     * Returns the answer, which begins with one of {@link MessageTypes}. An interrupt of the thread
     * must not end the wait.
     *
     * @param loader the number of the only loader to ask; 0 for all of them
     * @param which which of the locations of a resource, or -1 for their number; 0 for a class
     * @throws IOException if it cannot be asked
     */
    MessageInput ask(boolean isClass, String name, long loader, int which) throws IOException;
  }

  /** Creates the loader for everything that is requested by its name only. */
  public ParentClassLoader(Questions questions, @Nullable ClassLoader parent) {
    super("fornada-worker", parent);
    this.questions = questions;
    this.id = 0;
    this.byId = new ConcurrentHashMap<>();
  }

  private ParentClassLoader(ParentClassLoader main, long id) {
    super("fornada-worker-" + Long.toHexString(id), main);
    this.questions = main.questions;
    this.id = id;
    this.byId = main.byId;
  }

  /** Returns the loader that stands for the parent's loader with this number. */
  @Override
  public ClassLoader apply(long number) {
    ParentClassLoader made = byId.get(number);
    if (made == null) {
      ParentClassLoader fresh = new ParentClassLoader(this, number);
      ParentClassLoader known = byId.putIfAbsent(number, fresh);
      made = known == null ? fresh : known;
    }
    return made;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (id == 0 || name.startsWith("java.")) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> known = findLoadedClass(name);
      return known == null ? findClass(name) : known;
    }
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    try {
      MessageInput answer = questions.ask(true, name, id, 0);
      byte found = answer.getByte();
      if (found == MessageTypes.ELSEWHERE) {
        return elsewhere(name, answer.getLong());
      }
      byte[] bytes = bytes(name, found, answer);
      return defineClass(name, bytes, 0, bytes.length, origin());
    } catch (IOException e) {
      throw new ClassNotFoundException(name + " (asking the parent process failed)", e);
    }
  }

  private Class<?> elsewhere(String name, long number) throws ClassNotFoundException {
    ClassLoader other = number == 0 ? getParent() : Loaders.byId(number);
    if (other == null || other.equals(this)) {
      throw new ClassNotFoundException(name + " (its loader in the parent process is gone)");
    }
    return Class.forName(name, false, other);
  }

  private static byte[] bytes(String name, byte found, MessageInput answer)
      throws IOException, ClassNotFoundException {
    if (found == MessageTypes.FOUND) {
      return answer.rest();
    }
    throw new ClassNotFoundException(name + " (" + text(answer) + ")");
  }

  /** Returns the class file, from the parent. */
  public byte[] fetchClass(String name) throws ClassNotFoundException {
    try {
      MessageInput answer = questions.ask(true, name, id, 0);
      byte found = answer.getByte();
      if (found == MessageTypes.ELSEWHERE) {
        throw new ClassNotFoundException(name + " (another loader has it)");
      }
      return bytes(name, found, answer);
    } catch (IOException e) {
      throw new ClassNotFoundException(name + " (asking the parent process failed)", e);
    }
  }

  private ProtectionDomain origin() {
    ProtectionDomain made = origin;
    if (made == null) {
      var source = new CodeSource(url("", 0), (Certificate @Nullable []) null);
      made = new ProtectionDomain(source, null, this, null);
      origin = made;
    }
    return made;
  }

  // ---- resources

  @Override
  public @Nullable URL getResource(String name) {
    return id == 0 ? super.getResource(name) : findResource(name);
  }

  @Override
  public Enumeration<URL> getResources(String name) throws IOException {
    return id == 0 ? super.getResources(name) : findResources(name);
  }

  @Override
  protected @Nullable URL findResource(String name) {
    return count(name) > 0 ? url(name, 0) : null;
  }

  @Override
  protected Enumeration<URL> findResources(String name) {
    List<URL> urls = new ArrayList<>();
    int count = count(name);
    for (int i = 0; i < count; i++) {
      urls.add(url(name, i));
    }
    return Collections.enumeration(urls);
  }

  private int count(String name) {
    try {
      MessageInput answer = questions.ask(false, name, id, -1);
      return answer.getByte() == MessageTypes.FOUND ? answer.getInt() : 0;
    } catch (IOException e) {
      return 0; // as a class loader does whose jar was deleted; the worker's end will be reported
    }
  }

  private byte[] fetchResource(String name, int which) throws IOException {
    MessageInput answer = questions.ask(false, name, id, which);
    if (answer.getByte() == MessageTypes.FOUND) {
      return answer.rest();
    }
    throw new FileNotFoundException(name + " (" + text(answer) + ")");
  }

  private URL url(String name, int which) {
    try {
      var uri = new URI(SCHEME, "parent", "/" + name, which == 0 ? null : "" + which, null);
      return URL.of(uri, new Handler());
    } catch (URISyntaxException | MalformedURLException e) {
      throw new UncheckedIOException(new IOException("no name of a resource: " + name, e));
    }
  }

  private final class Handler extends URLStreamHandler {
    @Override
    protected URLConnection openConnection(URL url) {
      return new Connection(url);
    }
  }

  private final class Connection extends URLConnection {
    private byte @Nullable [] content;

    Connection(URL url) {
      super(url);
    }

    @Override
    public void connect() throws IOException {
      var _ = content();
    }

    private byte[] content() throws IOException {
      byte[] bytes = content;
      if (bytes == null) {
        String name;
        try {
          name = url.toURI().getPath().substring(1);
        } catch (URISyntaxException e) {
          // derived from another URL with a part that is not escaped
          name = url.getPath().substring(1);
        }
        String which = url.getQuery();
        bytes = fetchResource(name, which == null ? 0 : Integer.parseInt(which));
        content = bytes;
        connected = true;
      }
      return bytes;
    }

    @Override
    public InputStream getInputStream() throws IOException {
      return new ByteArrayInputStream(content());
    }

    @Override
    public long getContentLengthLong() {
      try {
        return content().length;
      } catch (IOException e) {
        return -1; // as specified for an unknown length
      }
    }
  }

  private static String text(MessageInput answer) throws IOException {
    return new String(answer.rest(), StandardCharsets.UTF_8);
  }
}
