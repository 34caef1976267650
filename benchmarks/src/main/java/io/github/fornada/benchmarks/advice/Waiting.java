package io.github.fornada.benchmarks.advice;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/** Items that wait, with or without computing. */
final class Waiting {
  /** One for each JVM, made at the first use. */
  private static final class Client {
    static final HttpClient HTTP =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(20))
            .build();
  }

  /** A pool of connections, as an item sees it. */
  private static final class Connections {
    static final Semaphore FREE = new Semaphore(8);

    private Connections() {}

    static void getConnection() throws InterruptedException {
      FREE.acquire();
    }

    static void giveBack() {
      FREE.release();
    }
  }

  private Waiting() {}

  /**
   * What an item does.
   *
   * @param cpuMicros how long it computes
   * @param waitMillis how long it waits after that
   */
  record Both(double cpuMicros, double waitMillis) implements java.io.Serializable {}

  static Long sleeps(Integer millis) throws InterruptedException {
    Thread.sleep(millis);
    return 1L;
  }

  static Long both(Both item) throws InterruptedException {
    long computed = item.cpuMicros() > 0 ? Computing.micros(item.cpuMicros()) : 0;
    if (item.waitMillis() > 0) {
      Thread.sleep(Duration.ofNanos((long) (item.waitMillis() * 1e6)));
    }
    return computed;
  }

  /** Asks a server; computes with what comes for so many microseconds. */
  record Request(int port, int index, double cpuMicros) implements java.io.Serializable {}

  static Long asks(Request request) throws IOException, InterruptedException {
    URI address = URI.create("http://127.0.0.1:" + request.port() + "/" + request.index());
    var answer = Client.HTTP.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException("the server answered " + answer.statusCode());
    }
    if (request.cpuMicros() > 0) {
      return Computing.micros(request.cpuMicros()) + answer.body().length();
    }
    return (long) answer.body().length();
  }

  /** Waits for one of eight connections, and uses it for 10 ms. */
  static Long usesAConnection(Integer millis) throws InterruptedException {
    Connections.getConnection();
    try {
      Thread.sleep(millis);
      return 1L;
    } finally {
      Connections.giveBack();
    }
  }

  /** Writes small files, reads them and deletes them. */
  static Long files(Integer count) {
    try {
      Path folder = Files.createTempDirectory("advice-files");
      long sum = 0;
      for (int i = 0; i < count; i++) {
        Path file = folder.resolve("f" + i);
        Files.writeString(file, "some text ".repeat(100 + i % 50));
        sum += Files.readString(file).length();
        Files.delete(file);
      }
      Files.delete(folder);
      return sum;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
