package io.github.fornada.cli;

import io.github.fornada.process.ClusterConnector;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code fornada cluster}: a Spark cluster on this machine, until Ctrl-C. */
@Command(
    name = "cluster",
    description =
        "Starts a Spark cluster on this machine, to try --on spark://... with, and prints its"
            + " address. It ends with Ctrl-C.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  fornada cluster --fetch",
      "  fornada run --on spark://127.0.0.1:7077 examples/WordCount.java docs/*.md",
    })
final class ClusterCommand implements Callable<Integer> {
  private static final int SPARKS_OWN_PORT = 7077;

  @Mixin
  @SuppressWarnings({"NullAway.Init", "unused"}) // filled by picocli, which reads its annotations
  private ExitCodesHelp exitCodes;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "The port of its address; 0 for any that is free. Default: 7077.")
  private int port = SPARKS_OWN_PORT;

  @Option(
      names = "--machines",
      paramLabel = "N",
      description = "How many machines it pretends to have. Default: 2.")
  private int machines = 2;

  @Option(names = "--cores", paramLabel = "N", description = "The cores of each. Default: 1.")
  private int cores = 1;

  @Option(
      names = "--fetch",
      description = "Let Maven fetch Spark where SPARK_HOME is not set, some 220 MB once.")
  private boolean fetch;

  @Override
  public Integer call() {
    if (port < 0 || port > 65_535) {
      throw Fault.usage("--port must be between 0 and 65535, got " + port);
    }
    if (machines < 1 || cores < 1) {
      throw Fault.usage(
          (machines < 1 ? "--machines" : "--cores")
              + " must be at least 1, got "
              + (machines < 1 ? machines : cores));
    }
    Terminal terminal = Terminal.ofProcess();
    ClusterConnector connector = ClusterPools.connector("fornada cluster", fetch, terminal);
    try (ClusterConnector.Local cluster = connector.startHere(port, machines, cores)) {
      StandardStreams streams = StandardStreams.get();
      streams.out().write((cluster.address() + "\n").getBytes(streams.outCharset()));
      streams.out().flush();
      terminal.note(
          "fornada: a Spark cluster of "
              + Words.count(machines, "machine")
              + " with "
              + Words.count(cores, "core")
              + (machines == 1 ? "" : " each")
              + ". Ctrl-C ends it. Try, elsewhere:\n  fornada run --on "
              + cluster.address()
              + " examples/WordCount.java docs/*.md");
      cluster.awaitLoss();
      throw Fault.failed("a process of the cluster has ended, and so does the cluster");
    } catch (IOException e) {
      throw Fault.failed("the cluster cannot be started: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Ctrl-C: the cluster was closed above
      return ExitCode.INTERRUPTED;
    }
  }
}
