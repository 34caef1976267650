package io.github.fornada.scenarios.scraping;

import io.github.fornada.scenarios.harness.OtherSide;
import io.undertow.Undertow;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Serves the shop on two addresses, and keeps a log. Argument: the number of products. Its first
 * line is its hosts. Questions: {@code reset}, and {@code log}, answered with the number of
 * requests for pages of the shop, of different pages, of requests that robots.txt forbids, and the
 * peak at once of any host.
 */
public final class ShopServer {
  // Kept, or the loggers would be collected and their levels with them.
  private static final List<Logger> QUIET =
      List.of(Logger.getLogger("io.undertow"), Logger.getLogger("org.xnio"));

  private final Shop shop;
  private final ConcurrentHashMap<String, AtomicInteger> requests = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, AtomicInteger> present = new ConcurrentHashMap<>();
  private final AtomicInteger forbidden = new AtomicInteger();
  private final AtomicInteger peak = new AtomicInteger();

  private ShopServer(Shop shop) {
    this.shop = shop;
  }

  /** Runs the server until its stdin ends. */
  public static void main(String[] args) throws Exception {
    QUIET.forEach(logger -> logger.setLevel(Level.WARNING));
    int first = freePort("127.0.0.1");
    int second = freePort("127.0.0.2");
    var hosts = List.of("127.0.0.1:" + first, "127.0.0.2:" + second);
    var server = new ShopServer(new Shop(Integer.parseInt(args[0]), hosts));
    Undertow undertow =
        Undertow.builder()
            .addHttpListener(first, "127.0.0.1")
            .addHttpListener(second, "127.0.0.2")
            .setIoThreads(1)
            .setWorkerThreads(1)
            .setHandler(server::handle)
            .build();
    undertow.start();
    try {
      OtherSide.serve(String.join(" ", hosts), server::answer);
    } finally {
      undertow.stop();
    }
  }

  private static int freePort(String address) throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getByName(address))) {
      return socket.getLocalPort();
    }
  }

  private void handle(HttpServerExchange exchange) {
    String path = exchange.getRequestPath();
    if (path.equals("/robots.txt")) {
      exchange.getResponseSender().send(Shop.robots());
      return;
    }
    String host = exchange.getHostAndPort();
    AtomicInteger here = present.computeIfAbsent(host, h -> new AtomicInteger());
    peak.accumulateAndGet(here.incrementAndGet(), Math::max);
    // Nothing waits in a thread.
    exchange.dispatch(
        (Runnable)
            () -> {
              var _ =
                  exchange
                      .getIoThread()
                      .executeAfter(
                          () -> {
                            here.decrementAndGet();
                            send(exchange, host, path);
                          },
                          Shop.latencyMillis(path),
                          TimeUnit.MILLISECONDS);
            });
  }

  private void send(HttpServerExchange exchange, String host, String path) {
    if (path.startsWith("/private/")) {
      forbidden.incrementAndGet();
    }
    if (path.startsWith("/loop/")) {
      exchange.setStatusCode(StatusCodes.FOUND);
      exchange
          .getResponseHeaders()
          .put(Headers.LOCATION, path.endsWith("a") ? "/loop/b" : "/loop/a");
      exchange.endExchange();
      return;
    }
    @Nullable List<String> hrefs = shop.hrefs(path);
    if (hrefs == null) {
      exchange.setStatusCode(StatusCodes.NOT_FOUND).endExchange();
      return;
    }
    requests.computeIfAbsent(host + path, p -> new AtomicInteger()).incrementAndGet();
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/html; charset=utf-8");
    exchange.getResponseSender().send(shop.html(path, hrefs), StandardCharsets.UTF_8);
  }

  private String answer(String question) {
    if (question.equals("reset")) {
      requests.clear();
      forbidden.set(0);
      peak.set(0);
      return "done";
    }
    int total = requests.values().stream().mapToInt(AtomicInteger::get).sum();
    return total + " " + requests.size() + " " + forbidden.get() + " " + peak.get();
  }
}
