package io.github.fornada.process;

import io.github.fornada.TaskPolicy;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a {@link RemotePool} tells its agents about their workers. Retries, windows, listeners and
 * carriers stay with the pool.
 */
final class RemoteSettings {
  private RemoteSettings() {}

  /**
   * Checks that workers on other machines can have these options.
   *
   * @throws IllegalArgumentException if they cannot; the message names the option
   */
  static void check(ProcessOptions options) {
    WorkerLaunch launch = options.launch();
    refuse(launch.initializer() != null, "an initializer");
    refuse(!launch.states().isEmpty(), "a worker state");
    refuse(launch.codec() != null, "a codec");
  }

  private static void refuse(boolean isThere, String what) {
    if (isThere) {
      throw new IllegalArgumentException(
          "workers on other machines cannot have " + what + " yet: leave it out");
    }
  }

  static void write(ProcessOptions options, MessageOutput out) {
    WorkerLaunch launch = options.launch();
    String heap = launch.heap();
    out.putString(heap == null ? "" : heap);
    out.putInt(launch.jvmOptions().size());
    launch.jvmOptions().forEach(out::putString);
    out.putInt(launch.environment().size());
    for (Map.Entry<String, String> variable : launch.environment().entrySet()) {
      out.putString(variable.getKey()).putString(variable.getValue());
    }
    Path directory = launch.directory();
    out.putByte(directory == null ? 0 : 1);
    // As of a process pool's workers: so that relative paths mean the same files.
    out.putString((directory == null ? Path.of("") : directory).toAbsolutePath().toString());
    out.putLong(launch.startupTimeout().toMillis());
    out.putByte(launch.aotCache() ? 1 : 0);
    WorkerLife life = options.life();
    out.putInt(life.maxTasks());
    Duration age = life.maxAge();
    out.putLong(age == null ? 0 : age.toNanos());
    String resident = life.residentLimit();
    out.putString(resident == null ? "" : resident);
    TaskPolicy policy = options.policy();
    Duration limit = policy.timeout();
    out.putLong(limit == null ? -1 : limit.toNanos());
    out.putLong(policy.grace().toNanos());
  }

  /** Returns {@code base} with what the pool has chosen. */
  static ProcessOptions read(MessageInput in, ProcessOptions base) throws IOException {
    ProcessOptions options = base;
    String heap = in.getString();
    if (!heap.isEmpty()) {
      options = options.withHeap(heap);
    }
    List<String> jvmOptions = new ArrayList<>(base.launch().jvmOptions());
    for (int n = in.getInt(); n > 0; n--) {
      jvmOptions.add(in.getString());
    }
    options = options.withJvmOptions(jvmOptions.toArray(String[]::new));
    for (int n = in.getInt(); n > 0; n--) {
      options = options.withEnvironment(in.getString(), in.getString());
    }
    boolean isChosen = in.getByte() != 0;
    Path directory = Path.of(in.getString());
    if (isChosen || Files.isDirectory(directory)) {
      options = options.withDirectory(directory);
    }
    options = options.withStartupTimeout(Duration.ofMillis(in.getLong()));
    if (in.getByte() == 0) {
      options = options.withoutAotCache();
    }
    int tasks = in.getInt();
    if (tasks > 0) {
      options = options.withLife(life -> life.withMaxTasks(tasks));
    }
    Duration age = Duration.ofNanos(in.getLong());
    if (age.isPositive()) {
      options = options.withLife(life -> life.withMaxAge(age));
    }
    String resident = in.getString();
    if (!resident.isEmpty()) {
      options = options.withLife(life -> life.withResidentLimit(resident));
    }
    long limit = in.getLong();
    TaskPolicy policy = options.policy();
    if (limit >= 0) {
      policy = policy.withTimeout(Duration.ofNanos(limit));
    }
    return options.withPolicy(policy.withGrace(Duration.ofNanos(in.getLong())));
  }
}
