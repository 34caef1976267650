package io.github.fornada.process;

import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestPlan;

/**
 * Makes the ahead-of-time cache that workers start from, before the tests: a run of all of them
 * starts some thousand workers, which take half of the processor time with it. It is made once for
 * each build of the library, in a folder that {@code pom.xml} names. A run of a few tests uses one
 * that is there, and makes none.
 */
public final class CacheBeforeTests implements TestExecutionListener {
  /** The folder for the cache; see {@code AotCacheFolder}. */
  static final String FOLDER = "fornada.aot.folder";

  private static final String FIRST = "fornada.aot.first";

  @Override
  public void testPlanExecutionStarted(TestPlan plan) {
    if (Boolean.getBoolean(FIRST)) {
      System.clearProperty(FIRST); // a JVM may be given its classes one by one
      try {
        var _ = ProcessPool.makeAotCache(o -> o);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
