package io.github.fornada.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Loads the user's code: classes compiled in memory first, then the class path.
 *
 * <p>Its parent is the JDK's own loader, not ours: a user's jar may bring another version of a
 * library that the command uses, and must get its own.
 */
final class TaskLoader extends URLClassLoader {
  static {
    registerAsParallelCapable();
  }

  private final Map<String, byte[]> classes;
  private final boolean guarded;

  TaskLoader(TaskCode code, boolean guarded) {
    super("task", urls(code.classPath()), ClassLoader.getPlatformClassLoader());
    this.classes = code.classes();
    this.guarded = guarded;
  }

  private static URL[] urls(List<String> classPath) {
    var urls = new URL[classPath.size()];
    for (int i = 0; i < urls.length; i++) {
      try {
        urls[i] = Path.of(classPath.get(i)).toUri().toURL();
      } catch (MalformedURLException e) {
        throw new IllegalArgumentException("not a class path entry: " + classPath.get(i), e);
      }
    }
    return urls;
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    byte[] bytes = classes.get(name);
    if (bytes != null) {
      return define(name, guarded ? ExitGuard.guard(bytes) : bytes);
    }
    if (guarded) {
      byte[] changed = guardedFromPath(name);
      if (changed != null) {
        return define(name, changed);
      }
    }
    return super.findClass(name);
  }

  private Class<?> define(String name, byte[] bytes) {
    return defineClass(name, bytes, 0, bytes.length);
  }

  /** The class from the class path if it has to be changed; else null, and it is loaded as ever. */
  @SuppressWarnings("ReferenceEquality") // the very same array means that nothing was changed
  private byte @Nullable [] guardedFromPath(String name) throws ClassNotFoundException {
    URL url = super.findResource(name.replace('.', '/') + ".class");
    if (url == null) {
      return null;
    }
    try (InputStream in = url.openStream()) {
      byte[] bytes = in.readAllBytes();
      byte[] changed = ExitGuard.guard(bytes);
      return changed == bytes ? null : changed;
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  @Override
  public @Nullable URL findResource(String name) {
    byte[] bytes = name.endsWith(".class") ? classes.get(binaryName(name)) : null;
    if (bytes == null) {
      return super.findResource(name);
    }
    try {
      return URL.of(URI.create("memory:///" + name), new Handler(bytes));
    } catch (MalformedURLException e) {
      throw new AssertionError(name, e);
    }
  }

  private static String binaryName(String resource) {
    return resource.substring(0, resource.length() - ".class".length()).replace('/', '.');
  }

  /** Serves one class's bytes. */
  private static final class Handler extends URLStreamHandler {
    private final byte[] bytes;

    Handler(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    protected URLConnection openConnection(URL url) {
      return new URLConnection(url) {
        @Override
        public void connect() {}

        @Override
        public InputStream getInputStream() {
          return new ByteArrayInputStream(bytes);
        }
      };
    }
  }
}
