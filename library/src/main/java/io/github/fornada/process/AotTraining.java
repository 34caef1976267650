package io.github.fornada.process;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.launch.AotCache;
import io.github.fornada.process.launch.Launcher;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The program that makes an {@link AotCache}: it makes a worker run tasks while the JVM records
 * which classes are used, and then has the JVM write the cache. It ends when its standard input
 * ends.
 */
final class AotTraining {
  private static final long LONGEST_MINUTES = 3;

  /** Enough items for the task loop to execute all of its branches. */
  private static final int ITEMS = 10_000;

  /** Items sent one by one, each to a worker that sleeps and is woken by the doorbell. */
  private static final int SINGLES = 50;

  private AotTraining() {}

  /** A record, so that the code that sends records is recorded too. */
  record Point(int x, long y, String name) implements java.io.Serializable {}

  /** A minimal task, called with one item of each kind that is encoded in its own way. */
  record Work() implements TaskFunction<Object, Object> {
    @Override
    public Object apply(Object item) {
      if (item instanceof Integer n && n % 500 == 499) {
        System.out.println(n);
        return List.of("a", n);
      }
      if (item instanceof Character) {
        throw new IllegalArgumentException("as tasks do");
      }
      return item;
    }
  }

  /**
   * Ends the worker. Not by an exit, which the worker announces: then it would be killed if it were
   * not gone soon, and on a busy machine the JVM needs longer to write its record.
   */
  record Exit() implements TaskFunction<Integer, Integer> {
    @Override
    public Integer apply(Integer item) {
      Runtime.getRuntime().halt(0);
      return item;
    }
  }

  public static void main(String[] args) throws Exception {
    Path jar = Path.of(args[0]);
    Path workshop = Path.of(args[1]);
    OwnThreads.daemon("fornada-input").start(() -> endWithInput(workshop));
    List<String> flags = Arrays.asList(args).subList(2, args.length);
    Path seen = workshop.resolve("seen");
    work(flags, seen);
    System.exit(
        create(jar, flags, seen, workshop.resolve(AotCache.MADE)) ? 0 : AotCache.EXIT_FAILED);
  }

  /**
   * Ends this program when the program that started it is gone and can no longer delete the folder.
   */
  private static void endWithInput(Path workshop) {
    try {
      while (System.in.read() >= 0) {
        // nothing is ever sent
      }
    } catch (IOException e) {
      // the same
    }
    try {
      ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
      PrivateDirectory.deleteAllOf(ProcessHandle.current().pid());
      PrivateDirectory.delete(workshop);
    } finally {
      Runtime.getRuntime().halt(2);
    }
  }

  /** Makes a worker run all tasks of the training and then write its record. */
  private static void work(List<String> flags, Path seen) throws Exception {
    var options = new ArrayList<>(flags);
    options.add("-XX:AOTMode=record");
    options.add("-XX:AOTConfiguration=" + seen);
    options.add("-Xlog:disable");
    // Without the profiles of methods (JEP 515): with them a booting worker immediately compiles
    // every method that was compiled here, while it and the other workers need the same processors.
    options.addAll(AotCache.diagnostic("-XX:-AOTRecordTraining"));
    try (Pool pool =
        ProcessPool.open(o ->
            o.withWorkers(1)
                .withMinWorkers(0) // so that no worker replaces the one that exits
                .withHeap("256m")
                // other programs come first
                .withStartupTimeout(Duration.ofMinutes(LONGEST_MINUTES))
                .withoutAotCache()
                .withJvmOptions(options.toArray(String[]::new)))) {
      var items =
          new ArrayList<Object>(
              List.of("text", 1L, 1.5, true, new byte[9], List.of("x"), Path.of("p"), 'c'));
      for (int i = 0; i < ITEMS; i++) {
        items.add(i % 10 == 0 ? new Point(i, i, "p") : (Object) i);
      }
      pool.outcomes(items, new Work()).forEach(outcome -> {});
      lambdas(pool, seen);
      for (int i = 0; i < SINGLES; i++) {
        TimeUnit.MILLISECONDS.sleep(2);
        var _ = pool.submit(i, new Work()).get();
      }
      // The JVM writes the record at its end, which takes longer than a worker that is asked to
      // exit may take.
      pool.outcomes(List.of(0), new Exit()).forEach(outcome -> {});
    }
  }

  /**
   * Functions as users write them. The cache replaces the JDK's own archive. The classes that link
   * lambdas, join strings and run streams are in the JDK's archive, but in this cache only if they
   * are used here. Without them the first lambda of a worker took 20 to 36 ms, measured with a
   * trace.
   */
  private static void lambdas(Pool pool, Path seen) throws Exception {
    int captured = SINGLES;
    var _ = pool.submit(1, x -> x + 1).get();
    var _ = pool.submit(1, x -> x + captured).get();
    var _ = pool.submit("text", String::length).get();
    var _ = pool.submit(7, AotTraining::likeAUser).get();
    Path jar = seen.resolveSibling("user.jar");
    try (var out = new ZipOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry("user"));
      out.write(new byte[SINGLES]); // deflated
    }
    var _ = pool.submit(jar.toString(), AotTraining::readAsClassPath).get();
  }

  /**
   * The user's classes come from compressed jars and from folders; the library's classes do not, so
   * this is exercised here.
   */
  private static int readAsClassPath(String jar) throws IOException {
    Path file = Path.of(jar);
    URL[] path = {file.toUri().toURL(), file.resolveSibling("").toUri().toURL()};
    try (var loader = new URLClassLoader(path)) {
      for (String name : List.of("nowhere", "user")) {
        try (InputStream in = loader.getResourceAsStream(name)) {
          if (in != null) {
            return in.readAllBytes().length;
          }
        }
      }
    }
    return 0;
  }

  private static String likeAUser(int x) {
    Object point = new Point(x, x, "p");
    List<String> texts =
        Stream.of(x, x + 1).filter(i -> i >= 0).map(i -> "item " + i + " of " + point).toList();
    Map<String, Integer> lengths = new TreeMap<>();
    texts.forEach(text -> lengths.merge(text, text.length(), Integer::sum));
    String kind =
        switch (point) {
          case Point p when p.x() < 0 -> "negative";
          case Point(int px, long py, String name) -> name + px + py;
          default -> "none";
        };
    return String.join(",", lengths.keySet()) + kind + new HashSet<>(lengths.values());
  }

  private static boolean create(Path jar, List<String> flags, Path seen, Path made)
      throws Exception {
    var command = new ArrayList<String>();
    command.add(Launcher.java());
    command.addAll(flags);
    command.addAll(
        List.of(
            "-XX:AOTMode=create",
            "-XX:AOTConfiguration=" + seen,
            "-XX:AOTCache=" + made,
            "-Xlog:disable",
            "-cp",
            jar.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    boolean over = process.waitFor(LONGEST_MINUTES, TimeUnit.MINUTES);
    process.destroyForcibly();
    return over && process.exitValue() == 0 && Files.isRegularFile(made);
  }
}
