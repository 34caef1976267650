package com.acme;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Functions of a user that wait, each in its own way. The sampler is tested on them. */
public final class Waits {
  private static final ReentrantLock LOCK = new ReentrantLock();
  private static volatile double sink;

  private Waits() {}

  /** Returns what was computed last, so that it is needed. */
  public static double last() {
    return sink;
  }

  private static void compute(int steps) {
    double x = 1;
    for (int k = 1; k < steps; k++) {
      x += Math.sqrt(x + k);
    }
    sink = x;
  }

  /** Waits under the lock of this class. */
  public static synchronized void underClassLock() throws InterruptedException {
    Thread.sleep(3);
  }

  /** Waits under a lock of java.util.concurrent. */
  public static void underLock() throws InterruptedException {
    LOCK.lock();
    try {
      Thread.sleep(3);
    } finally {
      LOCK.unlock();
    }
  }

  /** Makes random identifiers, for which the JDK has one lock. */
  public static @Nullable UUID identifiers() {
    UUID last = null;
    for (int k = 0; k < 1_000; k++) {
      last = UUID.randomUUID();
    }
    return last;
  }

  /** Only computes. */
  public static void computing() {
    compute(200_000);
  }

  /** Sleeps. */
  public static void sleeping() throws InterruptedException {
    Thread.sleep(7);
  }

  /** Waits for a millisecond, as one short item does. */
  public static void briefly() {
    LockSupport.parkNanos(1_000_000);
  }

  /** A pool of one connection. */
  public static final class Connections {
    private final Semaphore permits = new Semaphore(1);

    /** Borrows the connection for a while. */
    public void query() throws InterruptedException {
      permits.acquire();
      try {
        Thread.sleep(3);
      } finally {
        permits.release();
      }
    }
  }

  /** Fetches a page. */
  public static String fetch(HttpClient client, URI uri) throws IOException, InterruptedException {
    return client
        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  /** Writes to a file and waits for the disk, each time. */
  public static void write(Path path) throws IOException {
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      for (int k = 0; k < 8; k++) {
        file.write(new byte[64 * 1024]);
        file.getFD().sync();
      }
    }
  }
}
