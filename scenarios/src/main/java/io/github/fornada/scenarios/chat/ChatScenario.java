package io.github.fornada.scenarios.chat;

import com.sun.management.UnixOperatingSystemMXBean;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.scenarios.chat.ChatHost.Kind;
import io.github.fornada.scenarios.chat.ThreadServer.Half;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.Interval;
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
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** The row {@code chat-server}: what is compared is how long a message takes to everybody. */
public final class ChatScenario implements Scenario {
  /** How many are in a room. */
  private static final int ROOM = 10;

  private static final int MESSAGE_BYTES = 60;

  /** So many messages are delivered in a second. */
  private static final int DELIVERIES = 20_000;

  /** More platform threads than this are not tried. */
  private static final int MOST_THREADS = 12_000;

  private static final Duration LIMIT = Duration.ofMinutes(2);

  private OtherSide crowd;

  /** Creates the scenario. */
  @SuppressWarnings("NullAway.Init") // prepare comes first
  public ChatScenario() {}

  @Override
  public String name() {
    return "chat-server";
  }

  @Override
  public String about() {
    return "rooms over WebSocket: how long a message takes to everybody in its room";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) throws Exception {
    crowd = setup.closeAtEnd(OtherSide.start(Crowd.class, "512m", List.of()));
    int connections = most(setup.size().of(120, 2_000, 10_000));
    int rate = setup.size().of(1, 2, 2) * DELIVERIES;
    int messages = setup.size().of(2, 4, 4);
    int millis = (int) (1_000L * connections * messages * ROOM / rate);
    return List.of(
        new Evening(crowd, new Talk(connections, ROOM, messages, millis, MESSAGE_BYTES, 0)));
  }

  /** Returns so many connections, or what this process may have open. */
  private static int most(int connections) {
    long files =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
            ? unix.getMaxFileDescriptorCount()
            : Long.MAX_VALUE;
    long most = Math.min(connections, files - 1_000); // the others are jars, pools and the like
    return Math.max(ROOM, (int) (most / ROOM * ROOM));
  }

  // ---- what else is measured

  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    return List.of(slowReaders(setup), memory(setup));
  }

  private Finding slowReaders(Setup setup) throws Exception {
    int connections = setup.size().of(40, 400, 400);
    var without = new Talk(connections, ROOM, 10, 8 * connections, 4_000, 0);
    int slow = Math.max(2, connections / 100);
    var with = new Talk(connections, ROOM, 10, 8 * connections, 4_000, slow);
    var lines = new ArrayList<String>();
    lines.add(Words.format("%-34s %9s %9s %9s", "delivery to the others", "p50", "p99", "longest"));
    try (Pool pool = VirtualThreadPool.open(o -> o.withWorkers(2 * connections))) {
      for (Talk talk : List.of(without, with)) {
        var evening = new Evening(crowd, talk);
        lines.add(line("virtual threads, " + talk.slow() + " slow", evening.under(pool), talk));
      }
    }
    for (Talk talk : List.of(without, with)) {
      var evening = new Evening(crowd, talk);
      lines.add(line("Netty, " + talk.slow() + " slow", evening.eventLoop(), talk));
    }
    lines.add(
        Words.format(
            "Those that do not read were cut with code %d: %d KiB waited for each.",
            Frames.POLICY, Connection.MOST_WAITING >> 10));
    return new Finding(
        Words.format(
            "Readers that do not read: %d of %d, messages of 4 KB",
            with.slow(), with.connections()),
        lines);
  }

  private static String line(String name, Result result, Talk talk) throws WrongResultException {
    result.delivered().verify(talk);
    return Words.format(
        "%-34s %6.1f ms %6.1f ms %6.1f ms",
        name,
        result.delivered().p50() / 1e6,
        result.delivered().p99() / 1e6,
        result.delivered().longest() / 1e6);
  }

  private Finding memory(Setup setup) throws Exception {
    int few = setup.size().of(200, 1_000, 5_000);
    int many = most(setup.size().of(600, 5_000, 20_000));
    var lines = new ArrayList<String>();
    lines.add(Words.format("%-34s %16s %16s", "", "resident", "heap in use"));
    for (Kind kind : Kind.values()) {
      String name =
          switch (kind) {
            case VIRTUAL -> "2 virtual threads a connection";
            case THREADS -> "2 platform threads a connection";
            case NETTY -> "Netty, an event loop a processor";
          };
      lines.add(
          kind == Kind.THREADS && 2 * many > MOST_THREADS
              ? Words.format("%-34s not tried: %d threads", name, 2 * many)
              : Words.format("%-34s %s", name, slope(kind, few, many)));
    }
    return new Finding(
        Words.format(
            "Memory a connection: what %d take more than %d, in a JVM of their own", many, few),
        lines);
  }

  private String slope(Kind kind, int few, int many) throws IOException, WrongResultException {
    try (OtherSide host =
        OtherSide.start(ChatHost.class, "1g", List.of(kind.name(), String.valueOf(many)))) {
      long[] first = memory(host, few, few);
      long[] second = memory(host, many - few, many);
      return Words.format(
          "%12.1f KiB %12.1f KiB",
          (second[0] - first[0]) / 1024.0 / (many - few),
          (second[1] - first[1]) / 1024.0 / (many - few));
    } finally {
      crowd.ask("hang up");
    }
  }

  private long[] memory(OtherSide host, int more, int all)
      throws IOException, WrongResultException {
    connect(crowd, host.ready(), more, ROOM);
    host.ask("serve " + all);
    String[] n = host.ask("memory").split(" ");
    return new long[] {Long.parseLong(n[0]), Long.parseLong(n[1])};
  }

  private static void connect(OtherSide crowd, String port, int count, int room)
      throws IOException, WrongResultException {
    String answer = crowd.ask("connect " + port + " " + count + " " + room);
    WrongResultException.unless(answer.equals("done"), answer);
  }

  /**
   * What came of an evening.
   *
   * @param delivered what the crowd counted
   * @param read how many messages the server read, by its own count
   * @param written how many frames the server wrote
   */
  record Result(Delivered delivered, long read, long written) {}

  /** The halves of all connections, run somehow; returns what each of them returned. */
  @FunctionalInterface
  private interface Serving {
    List<Integer> serve(List<Half> halves) throws Exception;
  }

  /** An evening in the chat, served under each model. */
  static final class Evening extends Trial<Result> {
    private final OtherSide crowd;
    private final Talk talk;
    private final Map<ExecutionModel, Double> p50 = new EnumMap<>(ExecutionModel.class);
    private long late;

    Evening(OtherSide crowd, Talk talk) {
      super("");
      this.crowd = crowd;
      this.talk = talk;
    }

    @Override
    public String guidePick() {
      return "asyncio";
    }

    @Override
    public String compared() {
      return "the time in which 99 % of the messages have come, from when they were due";
    }

    @Override
    public OptionalDouble compared(Result result) {
      return OptionalDouble.of(result.delivered().p99() / 1e9);
    }

    /** One connection is served to its end, then the next. */
    @Override
    public Result sequential() throws Exception {
      return threads(halves -> {
        var counts = new ArrayList<Integer>();
        for (Half half : halves) {
          counts.add(Half.run(half));
        }
        return counts;
      });
    }

    @Override
    public Result under(Pool pool) throws Exception {
      Result result = threads(halves -> pool.map(halves, Half::run));
      p50.put(pool.model(), result.delivered().p50() / 1e9);
      return result;
    }

    @Override
    public Optional<Step<Result>> expert() {
      return Optional.of(new Step<>("Netty, event loops", this::eventLoop));
    }

    private Result threads(Serving serving) throws Exception {
      try (ThreadServer server = ThreadServer.open()) {
        connect(crowd, String.valueOf(server.port()), talk.connections(), talk.room());
        List<Half> halves = server.halves(0, talk.connections(), LIMIT);
        FutureTask<String> answer = new FutureTask<>(() -> crowd.ask("talk " + talk.line()));
        Thread.startVirtualThread(answer);
        List<Integer> counts = serving.serve(halves);
        Delivered delivered = delivered(answer);
        return new Result(
            delivered,
            sum(counts.subList(0, talk.connections())),
            sum(counts.subList(talk.connections(), counts.size())));
      } finally {
        crowd.ask("hang up");
      }
    }

    private static long sum(List<Integer> counts) {
      return counts.stream().mapToLong(n -> n).sum();
    }

    Result eventLoop() throws Exception {
      try (EventLoopServer server = EventLoopServer.open()) {
        connect(crowd, String.valueOf(server.port()), talk.connections(), talk.room());
        server.await(talk.connections(), LIMIT);
        Delivered delivered = Delivered.of(crowd.ask("talk " + talk.line()));
        // Of its frames Netty counts the messages; the answers to pings are its own.
        return new Result(delivered, server.read(), server.written() + talk.speakers());
      } finally {
        crowd.ask("hang up");
      }
    }

    private Delivered delivered(FutureTask<String> answer) throws Exception {
      try {
        Delivered delivered = Delivered.of(answer.get());
        late = Math.max(late, delivered.late());
        return delivered;
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception cause ? cause : e;
      }
    }

    @Override
    public Pool open(ExecutionModel model) {
      return switch (model) {
        case PLATFORM_THREADS -> ThreadPool.open(o -> o.withWorkers(2 * talk.connections()));
        case VIRTUAL_THREADS -> VirtualThreadPool.open(o -> o.withWorkers(2 * talk.connections()));
        case PROCESSES, SEQUENTIAL, CLUSTER -> super.open(model);
      };
    }

    @Override
    public int mostInFlight() {
      return 2 * talk.connections();
    }

    @Override
    public Map<ExecutionModel, String> notApplicable() {
      var none = new EnumMap<ExecutionModel, String>(ExecutionModel.class);
      none.put(
          ExecutionModel.PROCESSES,
          "because all in a room must be reached from it, and a connection belongs to one process");
      if (2 * talk.connections() > MOST_THREADS) {
        none.put(
            ExecutionModel.PLATFORM_THREADS,
            "because it would take %d threads, two a connection".formatted(2 * talk.connections()));
      }
      return none;
    }

    @Override
    public void after(Result result) throws WrongResultException {
      result.delivered().verify(talk);
      long frames = talk.received() + talk.speakers(); // each also had a ping answered
      WrongResultException.unless(
          result.read() == talk.sent() && result.written() == frames,
          "the server read %d of %d messages, and wrote %d of %d frames"
              .formatted(result.read(), talk.sent(), result.written(), frames));
    }

    @Override
    public void check(Result expected, Result actual) throws WrongResultException {
      WrongResultException.unless(
          expected.delivered().checksum() == actual.delivered().checksum(),
          "other messages were delivered than in sequence");
    }

    @Override
    public String why(Comparison comparison) {
      String figures =
          Words.format(
              "p99 %s, platform threads %s, Netty's event loops %s",
              time(comparison.of(ExecutionModel.VIRTUAL_THREADS).map(way -> way.interval())),
              time(comparison.of(ExecutionModel.PLATFORM_THREADS).map(way -> way.interval())),
              time(comparison.expert().map(way -> way.interval())));
      return comparison.isBest(ExecutionModel.VIRTUAL_THREADS)
          ? "As asyncio has, virtual threads have thousands waiting, each in code that reads and"
              + " writes as if it were alone: "
              + figures
              + "."
          : "Virtual threads were expected to be best or tied, and were not: " + figures + ".";
    }

    private static String time(Optional<Interval> interval) {
      return interval.map(i -> Interval.time(i.median())).orElse("not tried");
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      return List.of(
          "%d connections in rooms of %d, %d messages in %d ms, each to all in its room: none lost, none twice, in the order of each speaker. In sequence, one connection is served to its end before the next."
              .formatted(talk.connections(), talk.room(), talk.sent(), talk.millis()),
          Words.format(
              "Half of the messages had come in %s (virtual) and %s (threads). The crowd is a"
                  + " process of its own, %s; it began 99 %% of them no more than %s late.",
              median(ExecutionModel.VIRTUAL_THREADS),
              median(ExecutionModel.PLATFORM_THREADS),
              crowd.pinned(),
              Interval.time(late / 1e9)));
    }

    private String median(ExecutionModel model) {
      Double seconds = p50.get(model);
      return seconds == null ? "-" : Interval.time(seconds);
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(PythonProgram.of("chat.py", Math.min(200, talk.connections()), 2));
    }
  }
}
