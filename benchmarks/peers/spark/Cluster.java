package io.github.fornada.benchmarks.peers.spark;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.spark.deploy.master.Master;
import org.apache.spark.deploy.worker.Worker;
import org.apache.spark.launcher.JavaModuleOptions;

/**
 * A standalone master and some workers of one core each, in separate JVMs on loopback. They end
 * when their standard input ends, and so with the process that started them, however that ends.
 * The executors of a worker end with it.
 *
 * @param address for {@code SparkConf.setMaster}
 * @param folder where Spark may leave files
 * @param processes the master first
 */
record Cluster(String address, Path folder, List<Process> processes) implements AutoCloseable {
  static final String HOST = "127.0.0.1";
  private static final long LIMIT_MILLIS = 60_000;
  private static final long END_SECONDS = 10;

  /** For the JVMs of the cluster: "master" or "worker", then Spark's own arguments. */
  public static void main(String[] args) {
    var stdin = System.in;
    Thread.ofPlatform()
        .daemon()
        .name("until-end-of-input")
        .start(
            () -> {
              try {
                while (stdin.read() >= 0) {
                  // serves
                }
              } catch (IOException e) {
                // the process that started this one has ended too
              }
              // By way of the hooks: a worker's ends its executors.
              System.exit(0);
            });
    String[] rest = List.of(args).subList(1, args.length).toArray(String[]::new);
    if (args[0].equals("master")) {
      Master.main(rest);
    } else {
      Worker.main(rest);
    }
  }

  /** Starts them in the working directory, and waits until the workers have found the master. */
  static Cluster start(int workers) throws Exception {
    Path folder = Files.createTempDirectory(Path.of("").toAbsolutePath(), "spark-");
    int port = freePort();
    int web = freePort();
    var cluster = new Cluster("spark://" + HOST + ":" + port, folder, new ArrayList<>());
    try {
      cluster.launch(
          "master", "--host", HOST, "--port", "" + port, "--webui-port", Integer.toString(web));
      try (HttpClient client = HttpClient.newHttpClient()) {
        await(() -> state(client, web).isPresent(), LIMIT_MILLIS, "no master");
        for (int i = 0; i < workers; i++) {
          Path work = Files.createDirectory(folder.resolve("work-" + i));
          cluster.launch(
              "worker", "--host", HOST, "--webui-port", "0", "--cores", "1", "--memory", "1g",
              "--work-dir", work.toString(), cluster.address);
        }
        String wanted = "\"aliveworkers\":" + workers;
        await(
            () -> state(client, web).filter(s -> s.contains(wanted)).isPresent(),
            LIMIT_MILLIS,
            "not " + workers + " workers");
      }
      return cluster;
    } catch (Exception e) {
      cluster.close();
      throw e;
    }
  }

  /** Returns what the master reports about itself as JSON, without spaces. */
  private static java.util.Optional<String> state(HttpClient client, int port)
      throws InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create("http://" + HOST + ":" + port + "/json/"))
            .timeout(Duration.ofSeconds(5))
            .build();
    try {
      String answer = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
      return java.util.Optional.of(answer.replaceAll("\\s", ""));
    } catch (IOException e) {
      return java.util.Optional.empty(); // its port is not open yet
    }
  }

  private void launch(String... arguments) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
    command.addAll(List.of("-Xmx512m", "-cp", System.getProperty("java.class.path")));
    command.add(Cluster.class.getName());
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command);
    builder.environment().put("SPARK_LOCAL_IP", HOST);
    builder.environment().put("SPARK_LOCAL_DIRS", folder.toString());
    // Where a worker finds the jars for its executors.
    builder.environment().put("SPARK_HOME", System.getProperty("peers.spark.home"));
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    File log = folder.resolve("log-" + processes.size()).toFile();
    processes.add(builder.redirectErrorStream(true).redirectOutput(log).start());
  }

  static void await(Callable<Boolean> condition, long limitMillis, String otherwise)
      throws Exception {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMillis);
    while (!condition.call()) {
      if (System.nanoTime() > until) {
        throw new IllegalStateException(otherwise + " after " + limitMillis + " ms");
      }
      Thread.sleep(5);
    }
  }

  private static int freePort() throws IOException {
    try (var one = new ServerSocket(0)) {
      return one.getLocalPort();
    }
  }

  @Override
  public void close() throws IOException {
    for (Process process : processes.reversed()) {
      process.getOutputStream().close();
    }
    for (Process process : processes) {
      try {
        if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
      }
    }
  }
}
