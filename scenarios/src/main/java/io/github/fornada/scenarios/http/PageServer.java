package io.github.fornada.scenarios.http;

import io.github.fornada.scenarios.harness.OtherSide;
import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.StatusCodes;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The server: pages that come after a time that is log-normal, as that of real services is. It
 * serves so many at once and refuses the rest with 503. It counts what it served.
 *
 * <p>Arguments: the median latency in ms, the limit of requests at once, the limit of HTTP/2
 * streams. Questions: {@code reset}, and {@code count}, answered with the numbers of pages served,
 * of different pages, the highest count of one page, the peak at once, and how many were refused.
 */
public final class PageServer {
  /** Of the log-normal distribution: the slowest of a hundred takes about four times the median. */
  private static final double SIGMA = 0.6;

  // Kept, or the loggers would be collected and their levels with them.
  private static final List<Logger> QUIET =
      List.of(Logger.getLogger("io.undertow"), Logger.getLogger("org.xnio"));

  private final double medianMillis;
  private final int limit;
  private final ConcurrentHashMap<String, AtomicInteger> served = new ConcurrentHashMap<>();
  private final AtomicInteger present = new AtomicInteger();
  private final AtomicInteger peak = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();

  private PageServer(double medianMillis, int limit) {
    this.medianMillis = medianMillis;
    this.limit = limit;
  }

  /** Runs the server until its stdin ends. */
  public static void main(String[] args) throws Exception {
    var pages = new PageServer(Double.parseDouble(args[0]), Integer.parseInt(args[1]));
    QUIET.forEach(logger -> logger.setLevel(Level.WARNING));
    Undertow server =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setServerOption(UndertowOptions.ENABLE_HTTP2, true)
            .setServerOption(
                UndertowOptions.HTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, Integer.parseInt(args[2]))
            .setIoThreads(1)
            .setWorkerThreads(2)
            .setHandler(Handlers.path(pages::handle))
            .build();
    server.start();
    try {
      var address = (InetSocketAddress) server.getListenerInfo().getFirst().getAddress();
      OtherSide.serve(String.valueOf(address.getPort()), pages::answer);
    } finally {
      server.stop();
    }
  }

  private void handle(HttpServerExchange exchange) {
    int now = present.incrementAndGet();
    if (now > limit) {
      present.decrementAndGet();
      refused.incrementAndGet();
      exchange.setStatusCode(StatusCodes.SERVICE_UNAVAILABLE).endExchange();
      return;
    }
    peak.accumulateAndGet(now, Math::max);
    String path = exchange.getRequestPath();
    long millis = Math.round(latencyMillis(path, medianMillis));
    // Nothing waits in a thread: thousands could be waiting.
    exchange.dispatch(
        (Runnable)
            () -> {
              var _ =
                  exchange
                      .getIoThread()
                      .executeAfter(
                          () -> {
                            served
                                .computeIfAbsent(path, p -> new AtomicInteger())
                                .incrementAndGet();
                            present.decrementAndGet();
                            exchange.getResponseSender().send(page(path), StandardCharsets.UTF_8);
                          },
                          millis,
                          TimeUnit.MILLISECONDS);
            });
  }

  /** Returns the latency of a page, which is always the same for the same page. */
  static double latencyMillis(String path, double medianMillis) {
    var random = new SplittableRandom(path.hashCode());
    double normal = random.nextGaussian();
    return medianMillis * Math.exp(SIGMA * normal);
  }

  /** Returns the page: some hundred words that depend on its path. */
  static String page(String path) {
    var random = new SplittableRandom(31L * path.hashCode());
    var text = new StringBuilder(path).append('\n');
    for (int i = 0; i < 200; i++) {
      text.append(Long.toString(random.nextLong(1L << 40), 36)).append(' ');
    }
    return text.toString();
  }

  private String answer(String question) {
    if (question.equals("reset")) {
      served.clear();
      peak.set(0);
      refused.set(0);
      return "done";
    }
    int total = 0;
    int most = 0;
    for (AtomicInteger count : served.values()) {
      total += count.get();
      most = Math.max(most, count.get());
    }
    return total + " " + served.size() + " " + most + " " + peak.get() + " " + refused.get();
  }
}
