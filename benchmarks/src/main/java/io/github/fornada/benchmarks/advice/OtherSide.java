package io.github.fornada.benchmarks.advice;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link SlowServer} in a process of its own. */
final class OtherSide implements AutoCloseable {
  private final Process process;
  private final int port;

  private OtherSide(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts a server with the arguments of {@link SlowServer#main}. */
  static OtherSide start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(SlowServer.class.getName());
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    var out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    String line = out.readLine();
    if (line == null) {
      throw new IOException("the other side has ended at once");
    }
    return new OtherSide(process, Integer.parseInt(line.strip()));
  }

  int port() {
    return port;
  }

  /** Returns what it has counted, as members of a JSON object. */
  String figures() throws IOException, InterruptedException {
    try (var client = HttpClient.newHttpClient()) {
      URI address = URI.create("http://127.0.0.1:" + port + "/figures");
      return client.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString()).body();
    }
  }

  /** Ends it at once. */
  void kill() {
    var _ = process.destroyForcibly();
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close(); // it ends with its input
    try {
      if (process.waitFor(5, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    kill();
  }
}
