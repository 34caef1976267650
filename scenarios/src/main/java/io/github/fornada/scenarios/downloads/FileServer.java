package io.github.fornada.scenarios.downloads;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.fornada.scenarios.harness.OtherSide;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Serves files that are made as they are sent, with ranges, strong entity tags, and so many bytes a
 * second for each connection.
 *
 * <p>Arguments: the size of each file, and the bytes a second. Questions: {@code reset}; {@code
 * sent}, answered with the bytes sent since; {@code cut N}: the next N answers of each file end at
 * a random byte; {@code speed N}: the bytes a second from now on; {@code change}: every file
 * becomes another, with another tag.
 */
public final class FileServer {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-");
  private static final int PIECE = 8 << 10;

  private final int size;
  private volatile double bytesPerSecond;
  private final AtomicLong sent = new AtomicLong();
  private final AtomicInteger version = new AtomicInteger();
  private final ConcurrentHashMap<String, AtomicInteger> cuts = new ConcurrentHashMap<>();
  private volatile int cutsOfEach;
  private int handling; // guarded by this

  private FileServer(int size, double bytesPerSecond) {
    this.size = size;
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Runs the server until its stdin ends. */
  public static void main(String[] args) throws Exception {
    var files = new FileServer(Integer.parseInt(args[0]), Double.parseDouble(args[1]));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", files::handle);
    server.start();
    try {
      OtherSide.serve(String.valueOf(server.getAddress().getPort()), files::answer);
    } finally {
      server.stop(0);
    }
  }

  private String answer(String question) throws InterruptedException {
    switch (question.split(" ")[0]) {
      case "reset" -> {
        sent.set(0);
        cuts.clear();
        cutsOfEach = 0;
      }
      case "cut" -> {
        cuts.clear();
        cutsOfEach = Integer.parseInt(question.split(" ")[1]);
      }
      case "speed" -> bytesPerSecond = Double.parseDouble(question.split(" ")[1]);
      case "change" -> version.incrementAndGet();
      default -> {
        awaitIdle();
        return String.valueOf(sent.get());
      }
    }
    return "done";
  }

  /** Waits until nothing is sent: a client may have all bytes before the last are counted here. */
  private synchronized void awaitIdle() throws InterruptedException {
    while (handling > 0) {
      wait();
    }
  }

  private synchronized void handling(int more) {
    handling += more;
    notifyAll();
  }

  private void handle(HttpExchange exchange) throws IOException {
    handling(1);
    try {
      answer(exchange);
    } finally {
      handling(-1);
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    int now = version.get();
    String tag = "\"" + path.hashCode() + "-" + now + "\"";
    exchange.getResponseHeaders().set("ETag", tag);
    exchange.getResponseHeaders().set("Accept-Ranges", "bytes");
    String range = exchange.getRequestHeaders().getFirst("Range");
    String ifRange = exchange.getRequestHeaders().getFirst("If-Range");
    Matcher wanted = RANGE.matcher(range == null ? "" : range);
    int from = 0;
    int status = 200;
    if (wanted.matches() && (ifRange == null || ifRange.equals(tag))) {
      if (Long.parseLong(wanted.group(1)) >= size) {
        exchange.getResponseHeaders().set("Content-Range", "bytes */" + size);
        exchange.sendResponseHeaders(416, -1);
        exchange.close();
        return;
      }
      from = Integer.parseInt(wanted.group(1));
      status = 206;
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (size - 1) + "/" + size);
    }
    exchange.sendResponseHeaders(status, size - from);
    int to = size;
    int cut = cuts.computeIfAbsent(path, p -> new AtomicInteger()).incrementAndGet();
    if (cut <= cutsOfEach) {
      to = from + new SplittableRandom(31L * path.hashCode() + cut).nextInt(size - from);
    }
    try (exchange;
        OutputStream out = exchange.getResponseBody()) {
      send(out, path, now, from, to);
      if (to < size) {
        throw new IOException("cut off"); // the connection is closed in the middle
      }
    }
  }

  private void send(OutputStream out, String path, int now, int from, int to) throws IOException {
    long began = System.nanoTime();
    byte[] all = content(path, now, size);
    for (int at = from; at < to; at += PIECE) {
      int length = Math.min(PIECE, to - at);
      out.write(all, at, length);
      out.flush();
      sent.addAndGet(length);
      // By the clock, so that a delay of one piece is made up by the next.
      long due = began + (long) ((at + length - from) / bytesPerSecond * 1e9);
      long early;
      while ((early = due - System.nanoTime()) > 0) {
        LockSupport.parkNanos(this, early);
      }
    }
  }

  /** Returns what a version of the file contains. */
  static byte[] content(String path, int version, int size) {
    var bytes = new byte[size];
    new SplittableRandom(17L * path.hashCode() + version).nextBytes(bytes);
    return bytes;
  }
}
