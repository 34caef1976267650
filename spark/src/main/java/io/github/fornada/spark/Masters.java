package io.github.fornada.spark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The addresses of masters, as {@code spark-submit} takes them. */
final class Masters {
  private static final Pattern ANY =
      Pattern.compile("spark://.+|yarn|k8s://.+|local|local\\[.+]|local-cluster\\[.+]");

  private static final Pattern HOST_AND_PORT = Pattern.compile("\\[?([^\\[\\]]+?)]?:(\\d{1,5})");

  /** A master that is there answers at once; a machine far away may take its time. */
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private static final String SPARK = "spark://";

  private Masters() {}

  /** Returns whether a text is the address of a master. */
  static boolean isMaster(String text) {
    return ANY.matcher(text).matches();
  }

  /** Returns whether Spark starts a cluster for this program alone, in this JVM. */
  static boolean startsItsOwn(String master) {
    return master.startsWith("local-cluster");
  }

  /** Returns the machines that a standalone master may be on; empty for any other master. */
  private static List<InetSocketAddress> machines(String master) {
    var machines = new ArrayList<InetSocketAddress>();
    if (master.startsWith(SPARK)) {
      for (String each : master.substring(SPARK.length()).split(",", -1)) {
        Matcher found = HOST_AND_PORT.matcher(each);
        int port = found.matches() ? Integer.parseInt(found.group(2)) : 0;
        if (port < 1 || port > 65_535) {
          throw new IllegalArgumentException(
              "a standalone master is spark://HOST:PORT, such as spark://host:7077, got " + master);
        }
        machines.add(InetSocketAddress.createUnresolved(found.group(1), port));
      }
    }
    return machines;
  }

  /**
   * Checks that a standalone master can be reached: Spark itself would try for a minute, and then
   * say little.
   *
   * @throws IllegalArgumentException if the address is none
   * @throws IllegalStateException if nobody answers there
   */
  static void check(String master) {
    if (!isMaster(master)) {
      throw new IllegalArgumentException(
          "a master is spark://HOST:PORT, yarn, k8s://..., local[N] or local-cluster[N,CORES,MIB],"
              + " got "
              + master);
    }
    List<InetSocketAddress> machines = machines(master);
    var why = new ArrayList<String>();
    for (InetSocketAddress machine : machines) {
      String refusal = refusal(machine);
      if (refusal.isEmpty()) {
        return;
      }
      why.add(refusal);
    }
    if (!why.isEmpty()) {
      throw new IllegalStateException(
          "no Spark master answers at "
              + master
              + " ("
              + String.join("; ", why)
              + "): look whether it runs, and whether the address is that of its web page, which"
              + " begins with spark://");
    }
  }

  private static String refusal(InetSocketAddress machine) {
    try (var socket = new Socket()) {
      InetAddress host = InetAddress.getByName(machine.getHostString());
      socket.connect(new InetSocketAddress(host, machine.getPort()), (int) ANSWER.toMillis());
      return "";
    } catch (UnknownHostException e) {
      return "there is no host " + machine.getHostString();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * Returns whether a standalone master is on this machine's loopback address only, so that its
   * executors are on this machine too.
   */
  static boolean isOnLoopback(String master) {
    List<InetSocketAddress> machines = machines(master);
    return !machines.isEmpty()
        && machines.stream()
            .map(InetSocketAddress::getHostString)
            .allMatch(
                host -> host.startsWith("127.") || host.equals("localhost") || host.equals("::1"));
  }
}
