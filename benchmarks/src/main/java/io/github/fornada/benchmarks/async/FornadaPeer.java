package io.github.fornada.benchmarks.async;

import io.github.fornada.async.Async;
import io.github.fornada.async.Channel;
import io.github.fornada.async.ConcurrencyLimiter;
import io.github.fornada.async.TaskScope;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.channels.SocketChannel;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * Fornada's structured tasks. Arguments: the row, the seconds to measure, and the port of the row's
 * server.
 */
public final class FornadaPeer {
  private static final Callable<Boolean> NOTHING = () -> true;

  private FornadaPeer() {}

  public static void main(String[] args) throws Exception {
    double seconds = Double.parseDouble(args[1]);
    switch (args[0]) {
      case "version" -> Programs.version("0.1.0-SNAPSHOT");
      case "sleep-10k" -> Sleeps.tenThousand(FornadaPeer::sleeps);
      case "sleep-100k" -> Sleeps.measure("sleep-100k", 100_000, FornadaPeer::sleeps);
      case "sleep-1m" -> Sleeps.measure("sleep-1m", 1_000_000, FornadaPeer::sleeps);
      case "fork" -> Forks.measure(seconds, "jdk", FornadaPeer::scope);
      case "channel" ->
          HandOver.measure(seconds, "", new HandOver.Way("", HandOver.between(FornadaPeer::link)));
      case "http" -> Requests.measure(seconds, Integer.parseInt(args[2]), FornadaPeer::requests);
      case "echo" -> EchoServer.run(FornadaPeer::serve);
      default -> throw new IllegalArgumentException("no row is called " + args[0]);
    }
  }

  private static void sleeps(int n, long millis) throws InterruptedException {
    Async.gather(
        Collections.nCopies(n, millis),
        time -> {
          Thread.sleep(time);
          return time;
        });
  }

  private static void scope(int children) throws InterruptedException {
    try (var scope = TaskScope.open()) {
      for (int i = 0; i < children; i++) {
        scope.fork(NOTHING);
      }
      scope.join();
    }
  }

  private static HandOver.Link link(int capacity) {
    Channel<Integer> channel = capacity == 0 ? Channel.rendezvous() : Channel.bounded(capacity);
    return new HandOver.Link() {
      @Override
      public void send(Integer value) throws InterruptedException {
        channel.send(value);
      }

      @Override
      public Integer receive() throws InterruptedException {
        return channel.receive();
      }
    };
  }

  private static void requests(HttpClient client, Requests.Wanted wanted)
      throws InterruptedException {
    List<HttpRequest> requests = Collections.nCopies(wanted.requests(), wanted.request());
    ConcurrencyLimiter limit = ConcurrencyLimiter.atMost(wanted.atOnce());
    Async.gather(
        requests,
        limit.wrap(request -> {
          var response = client.send(request, Requests.BODY);
          Requests.check(response);
          return response.body();
        }));
  }

  private static void serve(EchoServer.Accepting accepting) throws Exception {
    try (var scope = TaskScope.open()) {
      while (true) {
        SocketChannel connection = accepting.next();
        scope.fork("echo", () -> EchoServer.echo(connection));
      }
    }
  }
}
