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
 * The program that makes an {@link AotCache}: it has a worker do some work under the JVM's eyes,
 * and the JVM write down what it has seen. It ends when its standard input does.
 */
final class AotTraining {
  private static final long LONGEST_MINUTES = 3;

  /** Enough for the task loop to take every way that it takes. */
  private static final int ITEMS = 10_000;

  /** Items sent one by one, each to a worker that sleeps: by the doorbell. */
  private static final int SINGLES = 50;

  private AotTraining() {}

  /** What a record is like, to the code that sends it. */
  record Point(int x, long y, String name) implements java.io.Serializable {}

  /** A task as small as can be, of each kind that is sent in its own way. */
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

  /** Ends the worker. */
  record Exit() implements TaskFunction<Integer, Integer> {
    @Override
    public Integer apply(Integer item) {
      System.exit(0);
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

  /** The program that wanted it is gone, and cannot clear up any more. */
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

  /** Has a worker run tasks until it has seen what there is to see, and write that down. */
  private static void work(List<String> flags, Path seen) throws Exception {
    var options = new ArrayList<>(flags);
    options.add("-XX:AOTMode=record");
    options.add("-XX:AOTConfiguration=" + seen);
    options.add("-Xlog:disable");
    // Without the profiles of methods (JEP 515): with them a booting worker compiles at once all
    // that was compiled here, while it and its siblings wait for the same processors.
    options.addAll(AotCache.diagnostic("-XX:-AOTRecordTraining"));
    try (Pool pool =
        ProcessPool.open(o ->
            o.withWorkers(1)
                .withMinWorkers(0) // none replaces the one that exits
                .withHeap("256m")
                .withStartupTimeout(Duration.ofMinutes(LONGEST_MINUTES)) // others come first
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
      // It writes when it exits, for longer than a worker has that is asked to.
      pool.outcomes(List.of(0), new Exit()).forEach(outcome -> {});
    }
  }

  /**
   * Functions as users write them. The cache stands in the place of the JDK's own archive: what
   * links lambdas, joins strings and runs streams is in the JDK's, and in this one only if it is
   * seen here. Without it the first lambda of a worker took 20 to 36 ms, where it was traced.
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

  /** The user's classes come from jars that are compressed, and from folders; ours do not. */
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
