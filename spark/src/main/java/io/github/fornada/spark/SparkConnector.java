package io.github.fornada.spark;

import io.github.fornada.process.ClusterConnector;
import io.github.fornada.process.ProcessOptions;
import io.github.fornada.process.RemotePool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Opens pools on Spark clusters for programs that have this module and Spark in a class loader of
 * their own, such as the {@code fornada} command. Others call {@link SparkPool#connect(String)}.
 *
 * <p>Such a program has its own messages, so Spark logs errors only, unless the system property
 * {@code log4j2.configurationFile} is set, and serves no web page, unless a setting asks for it.
 */
public final class SparkConnector implements ClusterConnector {
  private static final String LOG_CONFIGURATION = "log4j2.configurationFile";

  /** For {@link java.util.ServiceLoader}. */
  public SparkConnector() {}

  @Override
  public boolean takes(String address) {
    return Masters.isMaster(address);
  }

  @Override
  public RemotePool connect(
      String address,
      int workers,
      Map<String, String> settings,
      UnaryOperator<ProcessOptions> change)
      throws InterruptedException {
    quieten();
    return withOwnLoader(() ->
        SparkPool.connect(
            address,
            options -> {
              SparkOptions changed =
                  options
                      .withSetting("spark.ui.enabled", "false")
                      .withSetting("spark.ui.showConsoleProgress", "false")
                      .withWorkerOptions(change);
              for (Map.Entry<String, String> setting : settings.entrySet()) {
                changed = changed.withSetting(setting.getKey(), setting.getValue());
              }
              return workers == 0 ? changed : changed.withWorkers(workers);
            }));
  }

  @Override
  public Local startHere(int port, int machines, int cores)
      throws IOException, InterruptedException {
    quieten();
    try {
      return withOwnLoader(() -> LoopbackCluster.start(port, machines, cores));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private interface Action<R> {
    R run() throws InterruptedException;
  }

  /** Spark looks for its classes in the context loader, and gives it to its threads. */
  private static <R> R withOwnLoader(Action<R> action) throws InterruptedException {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(SparkConnector.class.getClassLoader());
    try {
      return action.run();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static void quieten() {
    URL own = SparkConnector.class.getResource("/fornada-log4j2.properties");
    if (own != null && System.getProperty(LOG_CONFIGURATION) == null) {
      System.setProperty(LOG_CONFIGURATION, own.toString());
    }
  }
}
