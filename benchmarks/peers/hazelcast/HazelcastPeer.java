package io.github.fornada.benchmarks.peers.hazelcast;

import com.hazelcast.cluster.Member;
import com.hazelcast.config.Config;
import com.hazelcast.config.ExecutorConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.IExecutorService;
import com.hazelcast.instance.BuildInfoProvider;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import io.github.fornada.TaskFunction;
import io.github.fornada.benchmarks.peers.JavaPeer;
import io.github.fornada.benchmarks.peers.Rows;
import io.github.fornada.benchmarks.peers.Tasks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;

/**
 * Hazelcast's IExecutorService on a second JVM with two threads: a member of a cluster of two,
 * over loopback. Tasks are IdentifiedDataSerializable and records Compact, its fastest forms;
 * functions that have a number are sent as the number, lambdas by the JDK's serialization.
 *
 * <p>Arguments: the row and the seconds; or "member" and a port, for the second JVM.
 */
public final class HazelcastPeer implements JavaPeer {
  private static final String EXECUTOR = "tasks";

  public static void main(String[] args) throws Exception {
    System.setProperty("hazelcast.logging.type", "none");
    if (args[0].equals("member")) {
      member(Integer.parseInt(args[1]));
    } else {
      new Rows(new HazelcastPeer(), Double.parseDouble(args[1])).measure(args[0]);
      System.exit(0);
    }
  }

  private static Config config(int port, int other) {
    var config = new Config();
    config.setClusterName("fornada-peers-" + Math.min(port, other));
    config.setProperty("hazelcast.phone.home.enabled", "false");
    config.setProperty("hazelcast.socket.bind.any", "false");
    config.setProperty("hazelcast.wait.seconds.before.join", "0");
    config.setProperty("hazelcast.shutdownhook.enabled", "false");
    var network = config.getNetworkConfig().setPort(port).setPortAutoIncrement(false);
    network.getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    var join = network.getJoin();
    join.getAutoDetectionConfig().setEnabled(false);
    join.getMulticastConfig().setEnabled(false);
    join.getTcpIpConfig().setEnabled(true).addMember("127.0.0.1:" + other);
    config.addExecutorConfig(new ExecutorConfig(EXECUTOR, 2));
    config.getSerializationConfig()
        .addDataSerializableFactory(Task.FACTORY, id -> new Task())
        .getCompactSerializationConfig()
        .addClass(Tasks.Point.class);
    return config;
  }

  /** This JVM's own member, as a running program has it. */
  private final HazelcastInstance instance;

  private final int port = freePort();

  private HazelcastPeer() throws IOException {
    instance = Hazelcast.newHazelcastInstance(config(port, port));
  }

  /** The second JVM: ends when its standard input ends. */
  private static void member(int port) throws IOException {
    Hazelcast.newHazelcastInstance(config(port + 1, port));
    while (System.in.read() >= 0) {
      // serves
    }
    Runtime.getRuntime().halt(0);
  }

  private record Opened(
      HazelcastInstance instance, IExecutorService executor, Member member, Process process)
      implements Session {
    @Override
    @SuppressWarnings("unchecked")
    public <T, R> Future<R> submit(TaskFunction<T, R> function, T item) {
      return executor.submitToMember((Callable<R>) new Task(function, item), member);
    }

    @Override
    public int processes() {
      return 1;
    }

    @Override
    public void close() {
      try {
        process.getOutputStream().close();
        process.waitFor();
        awaitMembers(instance, 1);
      } catch (IOException | InterruptedException e) {
        process.destroyForcibly();
      }
    }
  }

  /** Opens a pool: a new second JVM that joins the cluster of this one. */
  @Override
  public Session open() throws Exception {
    var command =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            // As its manual asks of a member on a JDK since 9.
            "--add-modules=java.se",
            "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-opens=java.management/sun.management=ALL-UNNAMED",
            "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            HazelcastPeer.class.getName(),
            "member",
            Integer.toString(port));
    Process process =
        command
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    awaitMembers(instance, 2);
    Set<Member> members = instance.getCluster().getMembers();
    Member other = members.stream().filter(m -> !m.localMember()).findFirst().orElseThrow();
    return new Opened(instance, instance.getExecutorService(EXECUTOR), other, process);
  }

  private static void awaitMembers(HazelcastInstance instance, int count)
      throws InterruptedException {
    long until = System.nanoTime() + 60_000_000_000L;
    while (instance.getCluster().getMembers().size() != count) {
      if (System.nanoTime() > until) {
        throw new IllegalStateException("not " + count + " members after a minute");
      }
      Thread.sleep(1);
    }
  }

  private static int freePort() throws IOException {
    try (var one = new java.net.ServerSocket(0)) {
      return one.getLocalPort() > 60_000 ? 50_001 : one.getLocalPort();
    }
  }

  @Override
  public String version() {
    return BuildInfoProvider.getBuildInfo().getVersion();
  }

  @Override
  public int kills() {
    return 2;
  }

  @Override
  public int batch() {
    return 5_000;
  }

  /** A function and its item. */
  public static final class Task implements Callable<Object>, IdentifiedDataSerializable {
    static final int FACTORY = 1;
    private static final int NO_NUMBER = -1;

    private TaskFunction<Object, Object> function;
    private Object item;

    Task() {}

    @SuppressWarnings("unchecked")
    <T, R> Task(TaskFunction<T, R> function, T item) {
      this.function = (TaskFunction<Object, Object>) function;
      this.item = item;
    }

    @Override
    public Object call() throws Exception {
      return function.apply(item);
    }

    @Override
    public int getFactoryId() {
      return FACTORY;
    }

    @Override
    public int getClassId() {
      return 1;
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {
      int number = Tasks.NAMED.indexOf(function);
      out.writeInt(number);
      if (number == NO_NUMBER) {
        out.writeObject(function);
      }
      out.writeObject(item);
    }

    @Override
    @SuppressWarnings("unchecked")
    public void readData(ObjectDataInput in) throws IOException {
      int number = in.readInt();
      function =
          number == NO_NUMBER
              ? in.readObject()
              : (TaskFunction<Object, Object>) Tasks.NAMED.get(number);
      item = in.readObject();
    }
  }
}
