package io.github.fornada.spark;

import io.github.fornada.process.ClusterConnector;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;

/**
 * A standalone Spark cluster on this machine, a master and some workers in JVMs of their own: to
 * try a program, and to test one. It needs Spark's jars on this JVM's class path and nothing
 * installed. The JVMs end with this one, however that ends.
 *
 * {@snippet :
 * try (var cluster = LoopbackCluster.start(2, 1);
 *     var pool = SparkPool.connect(cluster.master())) {
 *   List<Path> thumbs = pool.map(photos, Thumbnail::shrink);
 * }
 * }
 */
public final class LoopbackCluster implements ClusterConnector.Local {
  static final String HOST = "127.0.0.1";

  /** The version of Scala that this module is made for. */
  static final String SCALA = "2.13";

  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration END = Duration.ofSeconds(20);

  private final Path folder;
  private final String master;
  private final List<Process> processes = new ArrayList<>();

  private LoopbackCluster(Path folder, String master) {
    this.folder = folder;
    this.master = master;
  }

  /** The JVMs of the cluster. They end with their standard input, and so with their parent. */
  static final class Member {
    private Member() {}

    public static void main(String[] args) {
      InputStream stdin = System.in;
      Thread.ofPlatform()
          .daemon()
          .name("until-end-of-input")
          .start(() -> {
            try {
              while (stdin.read() >= 0) {
                // serves
              }
            } catch (IOException e) {
              // the process that started this one has ended too
            }
            System.exit(0); // by way of the hooks: a worker's ends its executors
          });
      String[] rest = List.of(args).subList(1, args.length).toArray(String[]::new);
      if (args[0].equals("master")) {
        org.apache.spark.deploy.master.Master.main(rest);
      } else {
        org.apache.spark.deploy.worker.Worker.main(rest);
      }
    }
  }

  /**
   * Starts a cluster and waits until its workers have found its master.
   *
   * @param workers the number of Spark's workers, each with one executor for an application
   * @param cores the cores of each
   * @throws IOException if it cannot be started; the message says what its JVMs printed
   */
  public static LoopbackCluster start(int workers, int cores)
      throws IOException, InterruptedException {
    try {
      return start(0, workers, cores);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Starts a cluster whose master has this port; 0 for any that is free.
   *
   * @throws UncheckedIOException if it cannot be started
   */
  static LoopbackCluster start(int wanted, int workers, int cores) throws InterruptedException {
    try {
      return started(wanted == 0 ? freePort() : wanted, workers, cores);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static LoopbackCluster started(int port, int workers, int cores)
      throws IOException, InterruptedException {
    if (isOpen(port)) {
      throw new IOException(
          "port " + port + " of " + HOST + " is taken: choose another, or end what listens there");
    }
    int web = freePort();
    Path folder = Files.createTempDirectory("fornada-spark-");
    Path home = Files.createDirectories(folder.resolve("home"));
    linkJars(Files.createDirectory(home.resolve("jars")));
    var cluster = new LoopbackCluster(folder, "spark://" + HOST + ":" + port);
    boolean whole = false;
    try {
      cluster.launch(
          "master", "--host", HOST, "--port", "" + port, "--webui-port", Integer.toString(web));
      cluster.await(() -> isOpen(port), "its master");
      for (int i = 0; i < workers; i++) {
        cluster.addWorker(cores);
      }
      String wanted = "\"aliveworkers\":" + workers;
      try (HttpClient client = HttpClient.newHttpClient()) {
        cluster.await(() -> state(client, web).contains(wanted), "its " + workers + " workers");
      }
      whole = true;
      return cluster;
    } finally {
      if (!whole) {
        cluster.close();
      }
    }
  }

  /** Where a worker finds the jars of its executors, as in an installed Spark. */
  private static void linkJars(Path folder) throws IOException {
    for (String jar : classPath()) {
      Path file = Path.of(jar).toAbsolutePath();
      String name = file.getFileName().toString();
      if (name.endsWith(".jar") && !name.startsWith("fornada")) {
        Path link = folder.resolve(name);
        if (!Files.exists(link)) {
          Files.createSymbolicLink(link, file);
        }
      }
    }
  }

  /**
   * The class path that Spark was loaded from: of this JVM, or of the loader that a program has for
   * Spark alone.
   */
  private static List<String> classPath() throws IOException {
    var entries =
        new ArrayList<>(
            List.of(System.getProperty("java.class.path", "").split(File.pathSeparator)));
    if (LoopbackCluster.class.getClassLoader() instanceof URLClassLoader own) {
      try {
        int at = 0; // before the program's own, which may have other versions of the same libraries
        for (URL url : own.getURLs()) {
          entries.add(at++, Path.of(url.toURI()).toString());
        }
      } catch (URISyntaxException e) {
        throw new IOException("Spark's jars are in no folder: " + e.getMessage(), e);
      }
    }
    return entries;
  }

  /** Starts another worker, and does not wait for it. */
  void addWorker(int cores) throws IOException {
    Path work = Files.createDirectory(folder.resolve("work-" + processes.size()));
    launch(
        "worker",
        "--host",
        HOST,
        "--webui-port",
        "0",
        "--cores",
        Integer.toString(cores),
        "--memory",
        "2g",
        "--work-dir",
        work.toString(),
        master);
  }

  private void launch(String... arguments) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
    command.addAll(List.of("-Xmx384m", "-cp", String.join(File.pathSeparator, classPath())));
    command.add(Member.class.getName());
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command);
    builder.environment().put("SPARK_LOCAL_IP", HOST);
    builder.environment().put("SPARK_LOCAL_DIRS", folder.toString());
    builder.environment().put("SPARK_HOME", folder.resolve("home").toString());
    builder.environment().put("SPARK_SCALA_VERSION", SCALA);
    builder.environment().put("SPARK_LAUNCH_WITH_SCALA", "0");
    File log = folder.resolve("log-" + processes.size()).toFile();
    processes.add(builder.redirectErrorStream(true).redirectOutput(log).start());
  }

  /** Returns the address for {@link SparkPool#connect(String)}. */
  public String master() {
    return master;
  }

  @Override
  public String address() {
    return master;
  }

  @Override
  public void awaitLoss() throws InterruptedException {
    try {
      CompletableFuture.anyOf(
              processes.stream().map(Process::onExit).toArray(CompletableFuture<?>[]::new))
          .get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the processes of the cluster cannot be watched", e);
    }
  }

  /**
   * Returns Spark's settings for a program on this cluster: everything stays on loopback. Its
   * executors have the jars of this JVM's class path, but neither its folders nor this library.
   */
  public Map<String, String> settings() {
    return Map.of(
        "spark.driver.host",
        HOST,
        "spark.driver.bindAddress",
        HOST,
        "spark.local.dir",
        folder.toString(),
        "spark.log.level",
        "WARN",
        "spark.ui.enabled",
        "false");
  }

  /** Returns {@code base} with these settings. */
  public SparkOptions options(SparkOptions base) {
    SparkOptions changed = base;
    for (Map.Entry<String, String> setting : settings().entrySet()) {
      changed = changed.withSetting(setting.getKey(), setting.getValue());
    }
    return changed;
  }

  /** Returns the JVMs of the cluster, the master first. */
  public List<Process> processes() {
    return List.copyOf(processes);
  }

  private void await(BooleanSupplier condition, String what)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      for (Process process : processes) {
        if (!process.isAlive()) {
          throw new IOException("a JVM of the cluster has ended: " + logs());
        }
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IOException(what + " did not come in " + LIMIT.toSeconds() + " s: " + logs());
      }
      Thread.sleep(20);
    }
  }

  private String logs() throws IOException {
    var text = new StringBuilder();
    for (int i = 0; i < processes.size(); i++) {
      text.append(Files.readString(folder.resolve("log-" + i)));
    }
    return text.substring(Math.max(0, text.length() - 4000));
  }

  private static boolean isOpen(int port) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** What the master says of itself as JSON, without spaces; empty if it does not answer yet. */
  private static String state(HttpClient client, int port) {
    var request =
        HttpRequest.newBuilder(URI.create("http://" + HOST + ":" + port + "/json/"))
            .timeout(Duration.ofSeconds(5))
            .build();
    try {
      String answer = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
      return answer.replaceAll("\\s", "").toLowerCase(Locale.ROOT);
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  private static int freePort() throws IOException {
    try (var one = new ServerSocket(0)) {
      return one.getLocalPort();
    }
  }

  /** Ends the cluster, and waits for its JVMs. */
  @Override
  public void close() throws IOException {
    for (Process process : processes.reversed()) {
      process.getOutputStream().close();
    }
    boolean interrupted = false;
    for (Process process : processes) {
      try {
        if (!process.waitFor(END.toSeconds(), TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        interrupted = true;
      }
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
