package io.github.fornada.benchmarks.async.preview;

import io.github.fornada.benchmarks.async.Forks;
import java.util.concurrent.Callable;
import java.util.concurrent.StructuredTaskScope;

/** The JDK's StructuredTaskScope, a preview. Arguments: the row, and the seconds to measure. */
public final class ScopePeer {
  private static final Callable<Object> NOTHING = () -> null;

  private ScopePeer() {}

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "version" ->
          System.out.println(
              "{\"version\": \"StructuredTaskScope, Java " + Runtime.version() + "\"}");
      case "fork" -> Forks.measure(Double.parseDouble(args[1]), "jdk-again", ScopePeer::run);
      default -> throw new IllegalArgumentException("no row is called " + args[0]);
    }
  }

  private static void run(int children) throws InterruptedException {
    try (var scope = StructuredTaskScope.open()) {
      for (int i = 0; i < children; i++) {
        scope.fork(NOTHING);
      }
      scope.join();
    }
  }
}
