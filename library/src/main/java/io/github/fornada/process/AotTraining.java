package io.github.fornada.process;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The program that makes an {@link AotCache}: it has a worker do some work under the JVM's eyes,
 * and the JVM write down what it has seen. It ends when its standard input does.
 */
final class AotTraining {
  private static final long LONGEST_MINUTES = 3;

  /** Enough for the methods of the task loop to be compiled, and so profiled. */
  private static final int ITEMS = 3_000;

  private AotTraining() {}

  /** A task as small as can be, of each kind that is encoded in its own way. */
  record Work() implements TaskFunction<Object, Object> {
    @Override
    public Object apply(Object item) {
      return item instanceof Integer n && n % 500 == 499 ? List.of("a", n) : item;
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
    Thread.ofPlatform().daemon().start(AotTraining::endWithInput);
    Path jar = Path.of(args[0]);
    Path cache = Path.of(args[1]);
    List<String> flags = Arrays.asList(args).subList(2, args.length);
    Path lock = jar.resolveSibling(jar.getFileName() + ".lock");
    try (var channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var held = channel.tryLock()) {
      // Another program of the user's may be at it.
      if (held != null && !Files.exists(cache)) {
        train(jar, cache, flags);
      }
    } finally {
      Files.deleteIfExists(lock);
    }
    System.exit(0);
  }

  private static void endWithInput() {
    try {
      while (System.in.read() >= 0) {
        // nothing is ever sent
      }
    } catch (IOException e) {
      // the same
    }
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    Runtime.getRuntime().halt(1);
  }

  private static void train(Path jar, Path cache, List<String> flags) throws Exception {
    Path configuration = Files.createTempFile(jar.getParent(), AotCache.PREFIX, ".conf");
    Path seen = configuration.resolveSibling(configuration.getFileName() + ".seen");
    Path made = Files.createTempFile(jar.getParent(), AotCache.PREFIX, ".tmp");
    try {
      Files.delete(configuration); // the JVM wants to make it itself
      Files.delete(made);
      work(flags, configuration, seen);
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
      if (process.waitFor(LONGEST_MINUTES, TimeUnit.MINUTES)
          && process.exitValue() == 0
          && Files.isRegularFile(made)) {
        Files.move(made, cache, StandardCopyOption.ATOMIC_MOVE);
      } else {
        process.destroyForcibly();
      }
    } finally {
      Files.deleteIfExists(configuration);
      Files.deleteIfExists(seen);
      Files.deleteIfExists(made);
    }
  }

  private static void work(List<String> flags, Path configuration, Path seen)
      throws InterruptedException, IOException {
    var options = new ArrayList<>(flags);
    options.add("-XX:AOTMode=record");
    options.add("-XX:AOTConfiguration=" + configuration);
    options.add("-Xlog:disable");
    try (Pool pool =
        ProcessPool.open(o ->
            o.withWorkers(1)
                .withHeap("256m")
                .withoutAotCache()
                .withJvmOptions(options.toArray(String[]::new)))) {
      var items = new ArrayList<Object>(List.of("text", 1L, 1.5, true, new byte[9], List.of("x")));
      for (int i = 0; i < ITEMS; i++) {
        items.add(i);
      }
      var _ = pool.map(items, new Work());
      // The JVM writes when it exits, for longer than a worker has that is asked to. What takes
      // this
      // one's place would write over it.
      pool.outcomes(List.of(0), new Exit()).forEach(outcome -> {});
      Files.move(configuration, seen);
    }
  }
}
