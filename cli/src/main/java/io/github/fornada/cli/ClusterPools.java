package io.github.fornada.cli;

import io.github.fornada.Pool;
import io.github.fornada.TaskListener;
import io.github.fornada.process.ClusterConnector;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** Pools on clusters, by a module that is loaded when one is wanted. */
final class ClusterPools {
  private ClusterPools() {}

  /**
   * Opens a pool on a cluster.
   *
   * @throws Fault if something that it needs is not there, or the cluster cannot run it
   */
  static Pool open(
      String address,
      ClusterOptions options,
      PoolSettings settings,
      List<TaskListener> listeners,
      Terminal terminal) {
    Map<String, String> spark = options.all();
    if (address.startsWith("local-cluster") && ClusterJars.folder("SPARK_HOME") == null) {
      throw Fault.usage(
          "--on "
              + address
              + " needs an installed Spark, for Spark itself starts JVMs from it: set SPARK_HOME,"
              + " or start a cluster with \"fornada cluster\"");
    }
    ClusterConnector connector = connector("--on " + address, options.fetches(), terminal);
    if (!connector.takes(address)) {
      throw Fault.usage("\"" + address + "\" is no address of a cluster: spark://HOST:PORT is one");
    }
    Integer workers = settings.workers().all();
    try {
      return connector.connect(
          address, workers == null ? 0 : workers, spark, settings.workerJvms(listeners));
    } catch (IllegalArgumentException e) {
      throw Fault.usage(OptionWording.withOptions(String.valueOf(e.getMessage())));
    } catch (IllegalStateException e) {
      throw Fault.failed(OptionWording.withOptions(String.valueOf(e.getMessage())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Ctrl-C: the command ends
      throw new IllegalStateException("interrupted while connecting to " + address, e);
    }
  }

  /**
   * Returns what opens pools.
   *
   * @param what what needs it, for messages
   */
  @SuppressWarnings("resource") // used until the command ends
  static ClusterConnector connector(String what, boolean fetch, Terminal terminal) {
    // Of Netty, which Spark uses; without effect once it is loaded.
    System.setProperty("io.netty.tryReflectionSetAccessible", "true");
    var loader = new ClusterLoader(ClusterJars.find(what, fetch, terminal));
    try {
      return ServiceLoader.load(ClusterConnector.class, loader)
          .findFirst()
          .orElseThrow(() -> Fault.failed("the module for Spark has nothing that connects"));
    } catch (ServiceConfigurationError | LinkageError e) {
      throw Fault.failed("the module for Spark cannot be loaded: " + e);
    }
  }
}
