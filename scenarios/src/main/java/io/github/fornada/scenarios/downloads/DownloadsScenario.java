package io.github.fornada.scenarios.downloads;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.scenarios.downloads.Download.Job;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.HandWritten;
import io.github.fornada.scenarios.harness.MapTrial;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** The row {@code downloads}. */
public final class DownloadsScenario implements Scenario {
  private static final int AT_ONCE = 8;
  private static final int SPEED = 4 << 20;
  private static final long LIMIT_SECONDS = 60;

  private OtherSide server;
  private Store files;

  /** Creates the scenario. */
  @SuppressWarnings("NullAway.Init") // prepare comes first
  public DownloadsScenario() {}

  @Override
  public String name() {
    return "downloads";
  }

  @Override
  public String about() {
    return "files from a server that limits each connection; cut, killed and resumed";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) throws Exception {
    int size = setup.size().of(256 << 10, 2 << 20, 8 << 20);
    server =
        setup.closeAtEnd(
            OtherSide.start(
                FileServer.class, "128m", List.of(String.valueOf(size), String.valueOf(SPEED))));
    files = new Store(server, setup.folder(), size);
    return List.of(new Fetch(server, files, setup.size().of(6, 24, 64)));
  }

  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    return List.of(
        new Finding(
            "Resumed",
            List.of(
                Interruptions.cut(server, files, AT_ONCE),
                Interruptions.killed(server, files),
                Interruptions.changed(server, files),
                Interruptions.complete(server, files))));
  }

  /**
   * Where files come from and go to, and what is in them.
   *
   * @param size of each file, in bytes
   */
  record Store(OtherSide server, Path folder, int size) {
    Job job(int number) {
      return new Job(
          "http://127.0.0.1:" + server.ready() + path(number),
          folder.resolve("file-" + number).toString());
    }

    private static String path(int number) {
      return "/file/" + number;
    }

    List<Job> jobs(int count) {
      var jobs = new ArrayList<Job>();
      for (int i = 0; i < count; i++) {
        jobs.add(job(i));
      }
      return jobs;
    }

    /** Returns the hash that a version of the file must have. */
    String hash(int number, int version) {
      return Download.hash(FileServer.content(path(number), version, size));
    }

    /** Deletes what was downloaded. */
    void clear() throws IOException {
      try (Stream<Path> all = Files.list(folder)) {
        for (Path file : all.filter(f -> f.getFileName().toString().startsWith("file-")).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** Downloads that do not go smoothly, each with its result checked. */
  static final class Interruptions {
    private Interruptions() {}

    private static long sent(OtherSide server) throws IOException {
      return Long.parseLong(server.ask("sent"));
    }

    private static void check(String hash, String right, String what) throws WrongResultException {
      WrongResultException.unless(hash.equals(right), what + ": the file has another hash");
    }

    /** Each file is cut off twice at a random byte. */
    static String cut(OtherSide server, Store files, int count) throws Exception {
      files.clear();
      server.ask("reset");
      server.ask("cut 2");
      List<String> hashes;
      try (Pool pool = VirtualThreadPool.open(o -> o.withWorkers(AT_ONCE))) {
        hashes = pool.map(files.jobs(count), Download::file);
      }
      for (int i = 0; i < count; i++) {
        check(hashes.get(i), files.hash(i, 0), "cut off twice");
      }
      long again = sent(server) - (long) count * files.size();
      WrongResultException.unless(
          again <= 2L * count * Download.CHUNK,
          again + " bytes were sent again after " + 2 * count + " cuts");
      server.ask("reset");
      return Words.format(
          "%d files, each cut off twice: right; %.1f KiB a cut sent again",
          count, again / 1024.0 / (2 * count));
    }

    /** The client's JVM is killed in the middle. */
    static String killed(OtherSide server, Store files) throws Exception {
      files.clear();
      server.ask("reset");
      server.ask("speed " + files.size() / 3); // three seconds: time enough to be killed in
      Job job = files.job(0);
      Path part = Download.part(Path.of(job.target()));
      Process client =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx64m",
                  "-XX:+UseSerialGC",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Download.class.getName(),
                  job.address(),
                  job.target())
              .inheritIO()
              .start();
      try {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!Files.exists(part) || Files.size(part) < files.size() / 4) {
          WrongResultException.unless(
              client.isAlive() && System.nanoTime() < until,
              "the client to be killed came to nothing");
          LockSupport.parkNanos(1_000_000);
        }
      } finally {
        client.destroyForcibly();
      }
      client.waitFor();
      server.ask("speed " + SPEED);
      long had = Files.exists(part) ? Files.size(part) : files.size();
      WrongResultException.unless(
          had < files.size(), "the client was done before it could be killed");
      check(Download.file(job), files.hash(0, 0), "killed");
      long again = sent(server) - files.size();
      WrongResultException.unless(
          again <= Download.CHUNK, again + " bytes were sent again after a kill");
      return Words.format(
          "killed at %.0f %%, and resumed: right; %.1f KiB sent again",
          100.0 * had / files.size(), again / 1024.0);
    }

    /** The file becomes another between two tries. */
    static String changed(OtherSide server, Store files) throws Exception {
      files.clear();
      server.ask("reset");
      Job job = files.job(1);
      Path target = Path.of(job.target());
      byte[] old = FileServer.content("/file/1", 0, files.size());
      Files.write(Download.part(target), Arrays.copyOf(old, files.size() / 2));
      Files.writeString(
          target.resolveSibling(target.getFileName() + ".tag"),
          "\"" + "/file/1".hashCode() + "-0\"");
      server.ask("change");
      check(Download.file(job), files.hash(1, 1), "changed");
      return "changed between two tries: started anew (If-Range, 200), and right";
    }

    /** Everything had come, but for the name. */
    static String complete(OtherSide server, Store files) throws Exception {
      files.clear();
      server.ask("reset");
      Job job = files.job(2);
      Path target = Path.of(job.target());
      Files.write(Download.part(target), FileServer.content("/file/2", 1, files.size()));
      Files.writeString(
          target.resolveSibling(target.getFileName() + ".tag"),
          "\"" + "/file/2".hashCode() + "-1\"");
      check(Download.file(job), files.hash(2, 1), "complete");
      WrongResultException.unless(sent(server) == 0, "a file that was complete was sent again");
      return "complete but for its name: nothing sent again (416), and right";
    }
  }

  /** Smooth downloads under each model. */
  static final class Fetch extends MapTrial<Job, String> {
    private final OtherSide server;
    private final Store files;

    Fetch(OtherSide server, Store files, int count) {
      super("", files.jobs(count), Download::file);
      this.server = server;
      this.files = files;
    }

    @Override
    public String guidePick() {
      return "threading";
    }

    @Override
    public Pool open(ExecutionModel model) {
      return switch (model) {
        case PLATFORM_THREADS -> ThreadPool.open(o -> o.withWorkers(AT_ONCE));
        case VIRTUAL_THREADS -> VirtualThreadPool.open(o -> o.withWorkers(AT_ONCE));
        case PROCESSES, SEQUENTIAL, CLUSTER -> super.open(model);
      };
    }

    @Override
    public Optional<Step<List<String>>> expert() {
      return Optional.of(
          new Step<>(
              AT_ONCE + " threads by hand",
              () -> HandWritten.threads(items(), function(), AT_ONCE)));
    }

    @Override
    public List<Step<List<String>>> steps() {
      return OtherDownloaders.found(files, items(), AT_ONCE);
    }

    @Override
    public int mostInFlight() {
      return AT_ONCE;
    }

    @Override
    public void before() throws IOException {
      files.clear();
      server.ask("reset");
    }

    @Override
    public void after(List<String> result) throws IOException, WrongResultException {
      long sent = Interruptions.sent(server);
      long right = (long) result.size() * files.size();
      WrongResultException.unless(
          sent == right, "the server sent " + sent + " bytes for files of " + right);
    }

    @Override
    public void check(List<String> expected, List<String> actual) throws WrongResultException {
      super.check(expected, actual);
      for (int i = 0; i < actual.size(); i++) {
        WrongResultException.unless(
            actual.get(i).equals(files.hash(i, 0)), "the hash of file " + i);
      }
    }

    @Override
    public String why(Comparison comparison) {
      String figures =
          Words.format(
              "virtual %s, threads %s",
              Words.times(comparison.gain(ExecutionModel.VIRTUAL_THREADS)),
              Words.times(comparison.gain(ExecutionModel.PLATFORM_THREADS)));
      return comparison.isBest(ExecutionModel.PLATFORM_THREADS)
              || comparison.isBest(ExecutionModel.VIRTUAL_THREADS)
          ? "Each connection is slow, and "
              + AT_ONCE
              + " at once wait together, on threads of"
              + " either kind: "
              + figures
              + "."
          : "Threads were expected to be best or tied, and were not: " + figures + ".";
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(
          PythonProgram.of("downloads.py", server.ready(), Math.min(24, items().size()), AT_ONCE));
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      return List.of(
          "%d files of %d KiB, 4 MiB/s a connection. In flight at most: virtual and threads %d, processes %d. The server is a process of its own, %s."
              .formatted(
                  items().size(),
                  files.size() >> 10,
                  AT_ONCE,
                  Runtime.getRuntime().availableProcessors(),
                  server.pinned()));
    }
  }
}
