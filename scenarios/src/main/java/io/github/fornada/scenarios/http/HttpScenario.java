package io.github.fornada.scenarios.http;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.async.ConcurrencyLimiter;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.MapTrial;
import io.github.fornada.scenarios.harness.OtherSide;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Step;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.harness.WrongResultException;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** The row {@code http-requests}. */
public final class HttpScenario implements Scenario {
  /** What the server serves at once. */
  static final int LIMIT = 64;

  /** What Python's executor has: processors + 4, but more where there are few. */
  private static final int THREADS = 32;

  private static final int STREAMS = 20;
  private static final int MEDIAN_MILLIS = 12;

  private OtherSide server;

  /** Creates the scenario. */
  @SuppressWarnings("NullAway.Init") // prepare comes first
  public HttpScenario() {}

  @Override
  public String name() {
    return "http-requests";
  }

  @Override
  public String about() {
    return "pages of a slow server that allows " + LIMIT + " requests at once";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) throws Exception {
    server =
        setup.closeAtEnd(
            OtherSide.start(
                PageServer.class,
                "128m",
                List.of(
                    String.valueOf(MEDIAN_MILLIS),
                    String.valueOf(LIMIT),
                    String.valueOf(STREAMS))));
    return List.of(new Requests(server, setup.size().of(24, 600, 4_000)));
  }

  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    return List.of(latencies(setup), http2());
  }

  private String address(int page) {
    return Requests.address(server, page);
  }

  // ---- latency from the intended start

  private Finding latencies(Setup setup) throws Exception {
    int rate = 150;
    int count = rate * setup.size().of(1, 6, 20);
    var lines = new ArrayList<String>();
    lines.add(Words.format("%-26s %9s %9s %9s", "", "p50", "p99", "longest"));
    try (Pool one = SequentialPool.open();
        Pool threads = ThreadPool.open(o -> o.withWorkers(THREADS));
        Pool virtual = VirtualThreadPool.open(o -> o.withWorkers(LIMIT))) {
      lines.add(schedule("one after the other", one, count, rate));
      lines.add(schedule(THREADS + " threads", threads, count, rate));
      lines.add(schedule(LIMIT + " virtual threads", virtual, count, rate));
    }
    lines.add("Measured from when a request is begun, the wait before it would not show.");
    return new Finding(
        "Latency from the intended start, "
            + rate
            + " requests a second for "
            + count / rate
            + " s",
        lines);
  }

  private String schedule(String name, Pool pool, int count, int rate) throws InterruptedException {
    long[] latencies = new long[count];
    var ends = new ArrayList<CompletableFuture<?>>();
    long begin = System.nanoTime();
    for (int i = 0; i < count; i++) {
      long due = begin + i * 1_000_000_000L / rate;
      long early;
      while ((early = due - System.nanoTime()) > 0) {
        LockSupport.parkNanos(this, early);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
      int index = i;
      ends.add(
          pool.submit(address(i), (String address) -> Fetch.page(address))
              .thenAccept(hash -> latencies[index] = System.nanoTime() - due));
    }
    for (CompletableFuture<?> end : ends) {
      end.join();
    }
    Arrays.sort(latencies);
    return Words.format(
        "%-26s %6.0f ms %6.0f ms %6.0f ms",
        name,
        latencies[count / 2] / 1e6,
        latencies[(int) Math.ceil(0.99 * count) - 1] / 1e6,
        latencies[count - 1] / 1e6);
  }

  // ---- HTTP/2

  private Finding http2() throws Exception {
    int count = 3 * STREAMS;
    int failedAtOnce = http2Failures(count, count);
    int failedLimited = http2Failures(count, STREAMS - 2);
    WrongResultException.unless(
        failedLimited == 0, failedLimited + " requests failed within the limit of streams");
    return Finding.of(
        "HTTP/2: one connection, on which the server allows " + STREAMS + " streams",
        Words.format("%3d requests at once: %d failed", count, failedAtOnce),
        Words.format(
            "the same, at most %d at once (ConcurrencyLimiter): %d failed",
            STREAMS - 2, failedLimited),
        "Where more are asked for, the JDK's client fails them and does not wait.");
  }

  private int http2Failures(int count, int atOnce) throws Exception {
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
        Pool pool = VirtualThreadPool.open(o -> o.withWorkers(count))) {
      // The first request agrees on HTTP/2; the others use its connection.
      HttpResponse<byte[]> first =
          client.send(Fetch.request(address(0)), BodyHandlers.ofByteArray());
      WrongResultException.unless(
          first.version() == HttpClient.Version.HTTP_2, "the server speaks no HTTP/2");
      var limiter = ConcurrencyLimiter.atMost(atOnce);
      List<String> addresses = IntStream.range(0, count).mapToObj(this::address).toList();
      return (int)
          pool.outcomes(addresses, limiter.wrap((String address) -> Fetch.page(client, address)))
              .filter(outcome -> !outcome.isDone())
              .count();
    }
  }

  /** The same pages under each model. */
  static final class Requests extends MapTrial<String, String> {
    private final OtherSide server;

    Requests(OtherSide server, int count) {
      super(
          "",
          IntStream.range(0, count).mapToObj(page -> address(server, page)).toList(),
          Fetch::page);
      this.server = server;
    }

    static String address(OtherSide server, int page) {
      return "http://127.0.0.1:" + server.ready() + "/page/" + page;
    }

    @Override
    public String guidePick() {
      return "asyncio";
    }

    @Override
    public Pool open(ExecutionModel model) {
      return switch (model) {
        case PLATFORM_THREADS -> ThreadPool.open(o -> o.withWorkers(THREADS));
        case VIRTUAL_THREADS -> VirtualThreadPool.open(o -> o.withWorkers(LIMIT));
        case PROCESSES ->
            ProcessPool.open(
                o -> o.withWorkers(Math.max(2, Runtime.getRuntime().availableProcessors())));
        case SEQUENTIAL, CLUSTER -> super.open(model);
      };
    }

    @Override
    public int mostInFlight() {
      return LIMIT;
    }

    @Override
    public void before() throws IOException {
      server.ask("reset");
    }

    @Override
    public void after(List<String> result) throws IOException, WrongResultException {
      verify(server.ask("count"), result.size());
    }

    /** Compares the server's counts with the number of results. */
    static void verify(String counts, int results) throws WrongResultException {
      int[] n = Arrays.stream(counts.split(" ")).mapToInt(Integer::parseInt).toArray();
      WrongResultException.unless(
          n[0] == results && n[1] == results && n[2] == 1,
          "of %d pages the server served %d, %d different, one of them %d times"
              .formatted(results, n[0], n[1], n[2]));
      WrongResultException.unless(
          n[3] <= LIMIT && n[4] == 0,
          "the server had %d at once and refused %d".formatted(n[3], n[4]));
    }

    @Override
    public void check(List<String> expected, List<String> actual) throws WrongResultException {
      super.check(expected, actual);
      // The truth from the pages themselves.
      for (int i = 0; i < actual.size(); i++) {
        String path = items().get(i).substring(items().get(i).indexOf("/page/"));
        String right = Fetch.hash(PageServer.page(path).getBytes(StandardCharsets.UTF_8));
        WrongResultException.unless(actual.get(i).equals(right), "the hash of " + path);
      }
    }

    @Override
    public Optional<Step<List<String>>> expert() {
      return Optional.of(new Step<>("sendAsync, a semaphore", this::sendAsync));
    }

    private List<String> sendAsync() throws InterruptedException {
      var permits = new Semaphore(LIMIT);
      var futures = new ArrayList<CompletableFuture<String>>();
      for (String address : items()) {
        permits.acquire();
        futures.add(
            Fetch.CLIENT
                .sendAsync(Fetch.request(address), BodyHandlers.ofByteArray())
                .whenComplete((response, failure) -> permits.release())
                .thenApply(response -> Fetch.hash(response.body())));
      }
      return futures.stream().map(CompletableFuture::join).toList();
    }

    @Override
    public String why(Comparison comparison) {
      return comparison.isBest(ExecutionModel.VIRTUAL_THREADS)
          ? Words.format(
              "As asyncio has, virtual threads have as many waiting at once as the server allows"
                  + " (%s), in code that looks sequential; %d threads %s.",
              Words.times(comparison.gain(ExecutionModel.VIRTUAL_THREADS)),
              THREADS,
              Words.times(comparison.gain(ExecutionModel.PLATFORM_THREADS)))
          : "Virtual threads were expected to be best, and were not: "
              + comparison.fastest().name()
              + " was.";
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      return List.of(
          "In flight at most: virtual %d, threads %d, processes %d. The server is a process of its own, %s."
              .formatted(
                  LIMIT,
                  THREADS,
                  Math.max(2, Runtime.getRuntime().availableProcessors()),
                  server.pinned()));
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(
          PythonProgram.of(
              "http_requests.py", server.ready(), Math.min(200, items().size()), LIMIT));
    }
  }
}
