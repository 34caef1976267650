package io.github.fornada.scenarios.scraping;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.PipelineOutcome;
import io.github.fornada.pipeline.StageModel;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.HandWritten;
import io.github.fornada.scenarios.harness.OtherSide;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Step;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.harness.WrongResultException;
import io.github.fornada.scenarios.scraping.Crawl.Parsed;
import io.github.fornada.threads.VirtualThreadPool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;

/** The row {@code web-scraping}. */
public final class ScrapingScenario implements Scenario {
  @Override
  public String name() {
    return "web-scraping";
  }

  @Override
  public String about() {
    return "a polite crawl of a shop with traps: fetch, then parse with jsoup";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) throws Exception {
    int products = setup.size().of(24, 600, 5_000);
    OtherSide server =
        setup.closeAtEnd(
            OtherSide.start(ShopServer.class, "128m", List.of(String.valueOf(products))));
    return List.of(new Visit(server, products));
  }

  /** The whole crawl. */
  static final class Visit extends Trial<NavigableMap<String, Shop.Page>> {
    private static final int AT_ONCE = 2 * Crawl.PER_HOST;

    private final OtherSide server;
    private final Shop shop;
    private final NavigableMap<String, Shop.Page> truth;

    Visit(OtherSide server, int products) {
      super("");
      this.server = server;
      this.shop = new Shop(products, List.of(server.ready().split(" ")));
      this.truth = shop.truth();
    }

    @Override
    public String guidePick() {
      return "asyncio or threading";
    }

    private NavigableMap<String, Shop.Page> crawl(Crawl.Level level) throws Exception {
      return Crawl.from(shop.start(), shop.hosts(), level);
    }

    @Override
    public NavigableMap<String, Shop.Page> sequential() throws Exception {
      return crawl(addresses -> HandWritten.loop(addresses, Crawl::page));
    }

    @Override
    public NavigableMap<String, Shop.Page> under(Pool pool) throws Exception {
      return crawl(addresses -> pool.map(addresses, Crawl::page));
    }

    @Override
    public Pool open(ExecutionModel model) {
      return model == ExecutionModel.VIRTUAL_THREADS
          ? VirtualThreadPool.open(o -> o.withWorkers(AT_ONCE))
          : super.open(model);
    }

    @Override
    public Optional<Step<NavigableMap<String, Shop.Page>>> expert() {
      return Optional.of(
          new Step<>(
              "virtual threads by hand",
              () -> crawl(addresses -> HandWritten.virtualThreads(addresses, Crawl::page))));
    }

    @Override
    public List<Step<NavigableMap<String, Shop.Page>>> steps() {
      return List.of(new Step<>("pipeline: fetch, parse", () -> crawl(Visit::pipeline)));
    }

    /** One level as a pipeline: waiting on virtual threads, parsing on as many as processors. */
    private static List<Parsed> pipeline(List<String> addresses) {
      int processors = Runtime.getRuntime().availableProcessors();
      try (var run =
          Pipeline.from(addresses)
              .stage("fetch", StageModel.virtualThreads(AT_ONCE), Crawl::fetch)
              .stage("parse", StageModel.threads(processors), Crawl::parse)
              .run()) {
        return run.outcomes().map(PipelineOutcome::get).toList();
      }
    }

    @Override
    public int mostInFlight() {
      return AT_ONCE;
    }

    @Override
    public void before() throws IOException {
      server.ask("reset");
    }

    @Override
    public void after(NavigableMap<String, Shop.Page> result) throws Exception {
      verify(server.ask("log"), result.size());
      checkTruth(result);
    }

    /** Compares the server's log with the number of pages found. */
    static void verify(String log, int pages) throws WrongResultException {
      int[] n = Arrays.stream(log.split(" ")).mapToInt(Integer::parseInt).toArray();
      WrongResultException.unless(
          n[0] == pages && n[1] == pages,
          "%d pages were found, and the server served %d, %d different"
              .formatted(pages, n[0], n[1]));
      WrongResultException.unless(n[2] == 0, n[2] + " requests that robots.txt forbids");
      WrongResultException.unless(
          n[3] <= Crawl.PER_HOST, "the server had " + n[3] + " requests of one host at once");
    }

    private void checkTruth(NavigableMap<String, Shop.Page> result) throws WrongResultException {
      check(truth, result);
    }

    @Override
    public void check(
        NavigableMap<String, Shop.Page> expected, NavigableMap<String, Shop.Page> actual)
        throws WrongResultException {
      for (var page : expected.entrySet()) {
        WrongResultException.unless(
            page.getValue().equals(actual.get(page.getKey())),
            page.getKey() + " is " + actual.get(page.getKey()) + ", not " + page.getValue());
      }
      WrongResultException.unless(
          actual.size() == expected.size(), actual.size() + " pages instead of " + expected.size());
    }

    @Override
    public String why(Comparison comparison) {
      return comparison.isBest(ExecutionModel.VIRTUAL_THREADS)
          ? Words.format(
              "Fetching waits, and virtual threads have as many waiting as politeness allows (%s)"
                  + " while others parse; asyncio parses on one processor.",
              Words.times(comparison.gain(ExecutionModel.VIRTUAL_THREADS)))
          : "Virtual threads were expected to be best, and were not: "
              + comparison.fastest().name()
              + " was.";
    }

    @Override
    public Optional<PythonProgram> python() {
      var arguments =
          new ArrayList<>(
              List.of(shop.start(), String.valueOf(Crawl.PER_HOST), String.valueOf(truth.size())));
      arguments.addAll(shop.hosts());
      return Optional.of(new PythonProgram("scraping.py", arguments));
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      return List.of(
          "%d pages on 2 hosts, at most %d requests at once to a host. The server is a process of its own, %s."
              .formatted(truth.size(), Crawl.PER_HOST, server.pinned()));
    }
  }
}
