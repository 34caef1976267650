package io.github.fornada.cli;

import java.io.IOException;
import java.net.URL;
import java.util.Enumeration;
import org.jspecify.annotations.Nullable;

/**
 * Finds what the JDK has, and nothing of the command's own class path. The JDK's platform loader
 * alone does that for classes; but {@link java.util.ServiceLoader} asks the parents of a loader for
 * the modules that they have defined, and some of the JDK's, such as the compiler's and JShell's,
 * are the application loader's. So that is the parent here, and is asked for nothing else.
 */
final class JdkLoader extends ClassLoader {
  static {
    registerAsParallelCapable();
  }

  static final JdkLoader INSTANCE = new JdkLoader();

  private static final ClassLoader PLATFORM = ClassLoader.getPlatformClassLoader();

  private JdkLoader() {
    super("jdk", ClassLoader.getSystemClassLoader());
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    return PLATFORM.loadClass(name); // of each module of the JDK, whichever loader defines it
  }

  @Override
  public @Nullable URL getResource(String name) {
    return PLATFORM.getResource(name);
  }

  @Override
  public Enumeration<URL> getResources(String name) throws IOException {
    return PLATFORM.getResources(name);
  }
}
