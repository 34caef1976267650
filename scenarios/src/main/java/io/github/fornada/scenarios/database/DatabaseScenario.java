package io.github.fornada.scenarios.database;

import com.zaxxer.hikari.HikariPoolMXBean;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.scenarios.database.Bank.Transfer;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.HandWritten;
import io.github.fornada.scenarios.harness.MissingException;
import io.github.fornada.scenarios.harness.OtherSide;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Step;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.harness.WrongResultException;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** The row {@code database}. */
public final class DatabaseScenario implements Scenario {
  private static final int ACCOUNTS = 200;

  private String postgres;

  /** Creates the scenario. */
  @SuppressWarnings("NullAway.Init") // prepare comes first
  public DatabaseScenario() {}

  @Override
  public String name() {
    return "database";
  }

  @Override
  public String about() {
    return "transfers in PostgreSQL (FORNADA_JDBC_URL, or its own) and in a file of H2";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) throws Exception {
    String given = System.getenv("FORNADA_JDBC_URL");
    postgres = given == null || given.isEmpty() ? embedded(setup) : given;
    int count = setup.size().of(300, 4_000, 40_000);
    // The user's data may be in that database too.
    setup.closeAtEnd(() -> Bank.close(postgres));
    setup.closeAtEnd(() -> Bank.drop(postgres));
    String h2 = "jdbc:h2:file:" + setup.folder().resolve("bank");
    setup.closeAtEnd(() -> Bank.close(h2));
    return List.of(
        new Transfers("PostgreSQL", postgres, count, Map.of()),
        new Transfers(
            "H2, a file",
            h2,
            count,
            Map.of(ExecutionModel.PROCESSES, "because a file of H2 is open in one JVM at a time")));
  }

  private static String embedded(Setup setup) throws MissingException {
    try {
      return setup
          .closeAtEnd(
              OtherSide.start(PostgresServer.class, "256m", List.of(setup.folder().toString())))
          .ready();
    } catch (IOException e) {
      throw new MissingException(
          "PostgreSQL does not start here ("
              + e.getMessage()
              + "). Give the address of one: FORNADA_JDBC_URL=jdbc:postgresql://...");
    }
  }

  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    return List.of(
        limit(setup.size().of(600, 4_000, 20_000)),
        LostUpdates.find(postgres, setup.size().of(200, 1_000, 5_000)));
  }

  /** Finds the true limit: how many wait for a connection. */
  private Finding limit(int count) throws Exception {
    var lines = new ArrayList<String>();
    lines.add(Words.format("%-26s %12s %14s", "", "transfers/s", "most waiters"));
    List<Transfer> transfers = transfers(postgres, count);
    for (int inFlight : new int[] {1, Bank.CONNECTIONS, 200}) {
      Bank.reset(postgres);
      var done = new AtomicBoolean();
      int[] most = {0};
      HikariPoolMXBean connections = Bank.pool(postgres).getHikariPoolMXBean();
      Thread watch =
          Thread.ofPlatform()
              .start(() -> {
                while (!done.get()) {
                  most[0] = Math.max(most[0], connections.getThreadsAwaitingConnection());
                  LockSupport.parkNanos(1_000_000);
                }
              });
      long began = System.nanoTime();
      try (Pool pool = VirtualThreadPool.open(o -> o.withWorkers(inFlight))) {
        var _ = pool.map(transfers, Bank::transfer);
      } finally {
        done.set(true);
        watch.join();
      }
      double seconds = (System.nanoTime() - began) / 1e9;
      lines.add(
          Words.format("%-26s %12.0f %14d", inFlight + " in flight", count / seconds, most[0]));
    }
    return new Finding("The limit is the " + Bank.CONNECTIONS + " connections", lines);
  }

  static List<Transfer> transfers(String url, int count) {
    var random = new SplittableRandom(99);
    var transfers = new ArrayList<Transfer>();
    for (int id = 0; id < count; id++) {
      int from = random.nextInt(ACCOUNTS);
      int to = (from + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
      transfers.add(new Transfer(url, id, from, to, 1 + random.nextInt(500)));
    }
    return transfers;
  }

  /** All balances at the end; additions come to the same in any order. */
  static final class Transfers extends Trial<List<Long>> {
    private final String url;
    private final List<Transfer> transfers;
    private final Map<ExecutionModel, String> notApplicable;

    Transfers(String name, String url, int count, Map<ExecutionModel, String> notApplicable)
        throws SQLException {
      super(name);
      this.url = url;
      this.transfers = transfers(url, count);
      this.notApplicable = notApplicable;
      Bank.create(url, ACCOUNTS);
    }

    @Override
    public String guidePick() {
      return "asyncio";
    }

    @Override
    public List<Long> sequential() throws Exception {
      HandWritten.loop(transfers, Bank::transfer);
      return Bank.balances(url);
    }

    @Override
    public List<Long> under(Pool pool) throws Exception {
      var _ = pool.map(transfers, Bank::transfer);
      return Bank.balances(url);
    }

    @Override
    public Optional<Step<List<Long>>> expert() {
      return Optional.of(
          new Step<>(
              Bank.CONNECTIONS + " threads by hand",
              () -> {
                HandWritten.threads(transfers, Bank::transfer, Bank.CONNECTIONS);
                return Bank.balances(url);
              }));
    }

    @Override
    public Pool open(ExecutionModel model) {
      return model == ExecutionModel.PLATFORM_THREADS
          ? ThreadPool.open(o -> o.withWorkers(Bank.CONNECTIONS))
          : super.open(model);
    }

    @Override
    public Map<ExecutionModel, String> notApplicable() {
      return notApplicable;
    }

    @Override
    public void before() throws SQLException {
      Bank.reset(url);
    }

    @Override
    public void after(List<Long> result) throws SQLException, WrongResultException {
      verify(result, Bank.counts(url), transfers.size());
    }

    /** Compares the balances with what the database itself adds up and counts. */
    static void verify(List<Long> balances, List<Long> counts, int transfers)
        throws WrongResultException {
      long sum = balances.stream().mapToLong(b -> b).sum();
      long total = Bank.total(balances.size());
      WrongResultException.unless(
          sum == total && counts.getFirst() == total,
          "the accounts have "
              + sum
              + " in all, and by the database "
              + counts.getFirst()
              + ", not "
              + total);
      WrongResultException.unless(
          counts.getLast() == transfers,
          "the database has " + counts.getLast() + " transfers, not " + transfers);
    }

    /** Returns whether the database runs in this JVM, so that there is nobody to wait for. */
    private boolean isEmbedded() {
      return url.startsWith("jdbc:h2:file:");
    }

    @Override
    protected boolean tieExplains() {
      return isEmbedded();
    }

    @Override
    public String why(Comparison comparison) {
      if (isEmbedded() && comparison.isBest(ExecutionModel.SEQUENTIAL)) {
        return "H2 runs in this JVM and answers at once: there is no waiting to be used, and its"
            + " transactions take turns.";
      }
      String figures =
          Words.format(
              "virtual %s, threads %s",
              Words.times(comparison.gain(ExecutionModel.VIRTUAL_THREADS)),
              Words.times(comparison.gain(ExecutionModel.PLATFORM_THREADS)));
      return comparison.isBest(ExecutionModel.VIRTUAL_THREADS)
              || comparison.isBest(ExecutionModel.PLATFORM_THREADS)
          ? "Waiting for the database is the work, and its "
              + Bank.CONNECTIONS
              + " connections are the limit, not the threads: "
              + figures
              + "."
          : "Threads were expected to be best or tied, and were not: " + figures + ".";
    }

    @Override
    public Optional<PythonProgram> python() {
      // SQLite is to Python what H2 is to Java.
      String address =
          isEmbedded()
              ? url.substring("jdbc:h2:file:".length()) + ".sqlite"
              : url.substring("jdbc:".length());
      return Optional.of(
          PythonProgram.of(
              "database.py", address, Math.min(400, transfers.size()), Bank.CONNECTIONS));
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      return List.of(
          "%d transfers between %d accounts, %d connections a JVM."
              .formatted(transfers.size(), ACCOUNTS, Bank.CONNECTIONS));
    }
  }
}
