package io.github.fornada.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.file.Path;
import java.security.CodeSigner;
import java.security.CodeSource;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * Loads the user's code: classes compiled in memory first, then the class path.
 *
 * <p>Its parent is the JDK's own loader, not the command's: a user's jar may bring another version
 * of a library that the command uses, and must get its own.
 */
final class TaskLoader extends URLClassLoader {
  static {
    registerAsParallelCapable();
  }

  private final List<String> classPath;
  private final Map<String, byte[]> classes;
  private final boolean guarded;

  /** The code source of classes compiled in memory: the source file. */
  private final @Nullable CodeSource compiledSource;

  TaskLoader(TaskCode code, boolean guarded) {
    super("task", urls(code.classPath()), JdkLoader.INSTANCE);
    this.classPath = code.classPath();
    this.classes = code.classes();
    this.guarded = guarded;
    String source = code.source();
    this.compiledSource = source == null ? null : new CodeSource(url(source), (CodeSigner[]) null);
  }

  List<String> classPath() {
    return classPath;
  }

  private static URL[] urls(List<String> classPath) {
    var urls = new URL[classPath.size()];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = url(classPath.get(i));
    }
    return urls;
  }

  private static URL url(String path) {
    try {
      // "!/" would end the jar's part of the address of a class in it.
      return URI.create(Path.of(path).toUri().toString().replace("!/", "%21/")).toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException("not a path: " + path, e);
    }
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    byte[] compiled = classes.get(name);
    if (compiled != null) {
      byte[] bytes = guarded ? guard(compiled) : compiled;
      return defineClass(name, bytes, 0, bytes.length, compiledSource);
    }
    try {
      return guarded ? guardedFromPath(name) : super.findClass(name);
    } catch (ClassFormatError e) {
      throw explained(name, e);
    } catch (NoClassDefFoundError e) {
      // The file contains another class than its name says; any other message is about a missing
      // class.
      throw String.valueOf(e.getMessage()).contains("wrong name") ? explained(name, e) : e;
    }
  }

  private byte[] guard(byte[] bytes) {
    return ExitGuard.guard(
        bytes, this, warning -> StandardStreams.get().err().println("fornada: " + warning));
  }

  @SuppressWarnings("ReferenceEquality") // the same array means that nothing was changed
  private Class<?> guardedFromPath(String name) throws ClassNotFoundException {
    URL url = super.findResource(name.replace('.', '/') + ".class");
    if (url != null) {
      PathClass found = read(name, url);
      byte[] changed = guard(found.bytes());
      if (changed != found.bytes()) {
        return define(name, changed, found);
      }
    }
    return super.findClass(name);
  }

  private LinkageError explained(String name, LinkageError e) throws ClassNotFoundException {
    URL url = super.findResource(name.replace('.', '/') + ".class");
    if (url == null) {
      return e;
    }
    PathClass found = read(name, url);
    return BadClassFileError.of(name, found.place(), found.bytes(), e);
  }

  /**
   * A class file of the class path.
   *
   * @param place the jar or the folder, as text
   * @param source the same as a code source, with its signers
   * @param manifest the manifest of the jar; null if there is none
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record PathClass(
      byte[] bytes, String place, CodeSource source, @Nullable Manifest manifest) {}

  private static PathClass read(String name, URL url) throws ClassNotFoundException {
    try {
      URLConnection connection = url.openConnection();
      byte[] bytes;
      try (InputStream in = connection.getInputStream()) {
        bytes = in.readAllBytes();
      }
      if (connection instanceof JarURLConnection jar) {
        JarEntry entry = jar.getJarEntry();
        // available once the entry is read
        CodeSigner[] signers = entry == null ? null : entry.getCodeSigners();
        return new PathClass(
            bytes,
            text(jar.getJarFileURL()),
            new CodeSource(jar.getJarFileURL(), signers),
            jar.getManifest());
      }
      String file = url.toString();
      String folder = file.substring(0, file.length() - name.length() - ".class".length());
      return new PathClass(
          bytes, text(url), new CodeSource(URI.create(folder).toURL(), (CodeSigner[]) null), null);
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  private static String text(URL url) {
    try {
      return Path.of(url.toURI()).toString();
    } catch (URISyntaxException | IllegalArgumentException e) {
      return url.toString();
    }
  }

  /** Defines a class as {@link URLClassLoader} does, but with other bytes. */
  private Class<?> define(String name, byte[] bytes, PathClass original) {
    int dot = name.lastIndexOf('.');
    if (dot > 0) {
      definePackageOf(name.substring(0, dot), original);
    }
    return defineClass(name, bytes, 0, bytes.length, original.source());
  }

  private void definePackageOf(String name, PathClass original) {
    Package existing = getDefinedPackage(name);
    URL place = original.source().getLocation();
    if (existing == null) {
      try {
        Package _ =
            original.manifest() == null
                ? definePackage(name, null, null, null, null, null, null, null)
                : definePackage(name, original.manifest(), place);
        return;
      } catch (IllegalArgumentException e) {
        existing = getDefinedPackage(name); // another thread was first
      }
    }
    if (existing != null && existing.isSealed() && !existing.isSealed(place)) {
      throw new SecurityException("sealing violation: package " + name + " is sealed");
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
