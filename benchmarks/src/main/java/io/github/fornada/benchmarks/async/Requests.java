package io.github.fornada.benchmarks.async;

import io.github.fornada.benchmarks.peers.Measure;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** 10,000 requests, 1,000 of them open at a time, to a server that answers after 50 ms. */
final class Requests {
  static final HttpResponse.BodyHandler<String> BODY = HttpResponse.BodyHandlers.ofString();

  private static final int REQUESTS = 10_000;
  private static final int AT_ONCE = 1_000;
  private static final double WARM_UP_SECONDS = 6;

  private Requests() {}

  /** The address to request. */
  record Wanted(HttpRequest request, int requests, int atOnce) {}

  @FunctionalInterface
  interface Asking {
    void run(HttpClient client, Wanted wanted) throws Exception;
  }

  static void measure(double seconds, int port, Asking asking) throws Exception {
    var address = URI.create("http://127.0.0.1:" + port + "/");
    var wanted = new Wanted(HttpRequest.newBuilder(address).build(), REQUESTS, AT_ONCE);
    try (HttpClient client = client()) {
      long end = System.nanoTime() + Measure.nanos(WARM_UP_SECONDS);
      do {
        asking.run(client, wanted);
      } while (System.nanoTime() < end);
      double rate = Measure.warmRate(3 * seconds, REQUESTS, n -> asking.run(client, wanted));
      Measure.emit("http", rate, "/s", "");
    }
  }

  private static HttpClient client() {
    // Otherwise the first request would ask for HTTP/2.
    var builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
    Executor executor =
        switch (System.getProperty("peer.executor", "default")) {
          case "direct" -> Runnable::run;
          case "virtual" -> Executors.newVirtualThreadPerTaskExecutor();
          case "two" -> Executors.newFixedThreadPool(2, Thread.ofPlatform().daemon().factory());
          default -> null;
        };
    return executor == null ? builder.build() : builder.executor(executor).build();
  }

  static void check(HttpResponse<String> response) {
    Measure.check(
        response.statusCode() == 200 && response.body().equals(SlowServer.BODY), "the response");
  }
}
