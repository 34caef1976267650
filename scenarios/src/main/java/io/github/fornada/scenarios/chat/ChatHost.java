package io.github.fornada.scenarios.chat;

import io.github.fornada.Pool;
import io.github.fornada.scenarios.harness.OtherSide;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A server in a JVM of its own, to see what memory a connection takes.
 *
 * <p>Arguments: its {@link Kind}, and how many connections there will be at most. Questions: {@code
 * serve N}: waits until there are so many in all, and serves them; {@code memory}, answered with
 * the bytes resident in memory and those of the heap that are in use after a collection.
 */
public final class ChatHost {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** What waits for the connections. */
  enum Kind {
    VIRTUAL,
    THREADS,
    NETTY
  }

  private ChatHost() {}

  /** Runs until its stdin ends. */
  public static void main(String[] args) throws Exception {
    int halves = 2 * Integer.parseInt(args[1]);
    switch (Kind.valueOf(args[0])) {
      case VIRTUAL -> {
        try (Pool pool = VirtualThreadPool.open(o -> o.withWorkers(halves))) {
          serve(pool);
        }
      }
      case THREADS -> {
        try (Pool pool = ThreadPool.open(o -> o.withWorkers(halves))) {
          serve(pool);
        }
      }
      case NETTY -> {
        try (EventLoopServer server = EventLoopServer.open()) {
          OtherSide.serve(
              String.valueOf(server.port()),
              question -> {
                if (question.startsWith("serve ")) {
                  server.await(number(question), LIMIT);
                  return "done";
                }
                return memory();
              });
        }
      }
    }
  }

  private static void serve(Pool pool) throws Exception {
    var served = new int[1];
    try (ThreadServer server = ThreadServer.open()) {
      OtherSide.serve(
          String.valueOf(server.port()),
          question -> {
            if (!question.startsWith("serve ")) {
              return memory();
            }
            int count = number(question);
            for (ThreadServer.Half half : server.halves(served[0], count, LIMIT)) {
              var _ = pool.submit(half, ThreadServer.Half::run);
            }
            served[0] = count;
            return "done";
          });
    }
  }

  private static int number(String question) {
    return Integer.parseInt(question.split(" ")[1]);
  }

  /** Returns the bytes resident, and those of the heap in use. */
  private static String memory() throws IOException {
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    return resident() + " " + heap;
  }

  private static long resident() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return -1;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return -1;
  }
}
