package io.github.fornada.cli;

import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;

/**
 * Loads Spark and the module for it. Of the command it has the library and nothing else: Spark has
 * other versions of what the command uses itself.
 */
final class ClusterLoader extends URLClassLoader {
  private static final String OURS = "io.github.fornada.";
  private static final String MODULE = "io.github.fornada.spark.";

  static {
    registerAsParallelCapable();
  }

  ClusterLoader(List<Path> classPath) {
    super("cluster", urls(classPath), JdkLoader.INSTANCE);
  }

  private static URL[] urls(List<Path> classPath) {
    var urls = new URL[classPath.size()];
    for (int i = 0; i < urls.length; i++) {
      try {
        urls[i] = classPath.get(i).toUri().toURL();
      } catch (MalformedURLException e) {
        throw new IllegalArgumentException("not a path: " + classPath.get(i), e);
      }
    }
    return urls;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    return name.startsWith(OURS) && !name.startsWith(MODULE)
        ? Main.class.getClassLoader().loadClass(name)
        : super.loadClass(name, resolve);
  }
}
