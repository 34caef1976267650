package io.github.fornada.benchmarks.async;

import java.net.http.HttpClient;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TransferQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Code written by hand with the JDK's final API: threads, queues, {@code sendAsync}. Arguments: the
 * row, the seconds to measure, and the port of the row's server.
 */
public final class RawPeer {
  private RawPeer() {}

  public static void main(String[] args) throws Exception {
    double seconds = Double.parseDouble(args[1]);
    switch (args[0]) {
      case "version" -> Programs.version("the JDK's own");
      case "sleep-10k" -> Sleeps.tenThousand(RawPeer::sleeps);
      case "sleep-100k" -> Sleeps.measure("sleep-100k", 100_000, RawPeer::sleeps);
      case "sleep-1m" -> Sleeps.measure("sleep-1m", 1_000_000, RawPeer::sleeps);
      case "channel" -> {
        HandOver.measure(seconds, "", new HandOver.Way("", HandOver.between(RawPeer::queue)));
        HandOver.measure(
            seconds, "-ltq", new HandOver.Way("", HandOver.between(RawPeer::transferQueue)));
      }
      case "http" -> Requests.measure(seconds, Integer.parseInt(args[2]), RawPeer::requests);
      case "echo" -> EchoServer.run(RawPeer::startEcho);
      default -> throw new IllegalArgumentException("no row is called " + args[0]);
    }
  }

  // ---- sleeps

  private static void sleeps(int n, long millis) throws InterruptedException {
    Runnable sleep =
        () -> {
          try {
            Thread.sleep(millis);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    Thread[] threads = new Thread[n];
    for (int i = 0; i < n; i++) {
      threads[i] = Thread.startVirtualThread(sleep);
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  // ---- channels

  private static HandOver.Link queue(int capacity) {
    BlockingQueue<Integer> queue =
        capacity == 0 ? new SynchronousQueue<>() : new ArrayBlockingQueue<>(capacity);
    return new HandOver.Link() {
      @Override
      public void send(Integer value) throws InterruptedException {
        queue.put(value);
      }

      @Override
      public Integer receive() throws InterruptedException {
        return queue.take();
      }
    };
  }

  /** It has no bound: either the sender waits for the receiver, or nothing waits. */
  private static HandOver.Link transferQueue(int capacity) {
    TransferQueue<Integer> queue = new LinkedTransferQueue<>();
    if (capacity > 1) {
      throw new UnsupportedOperationException("no bound");
    }
    return new HandOver.Link() {
      @Override
      public void send(Integer value) throws InterruptedException {
        if (capacity == 0) {
          queue.transfer(value);
        } else {
          queue.put(value);
        }
      }

      @Override
      public Integer receive() throws InterruptedException {
        return queue.take();
      }
    };
  }

  // ---- requests

  /**
   * As many chains as requests may be open; the end of one request begins the next of its chain.
   */
  private static void requests(HttpClient client, Requests.Wanted wanted) {
    AtomicInteger left = new AtomicInteger(wanted.requests());
    CompletableFuture<?>[] chains = new CompletableFuture<?>[wanted.atOnce()];
    for (int i = 0; i < chains.length; i++) {
      var end = new CompletableFuture<Boolean>();
      chains[i] = end;
      next(client, wanted, left, end);
    }
    CompletableFuture.allOf(chains).join();
  }

  private static void next(
      HttpClient client,
      Requests.Wanted wanted,
      AtomicInteger left,
      CompletableFuture<Boolean> end) {
    if (left.getAndDecrement() <= 0) {
      end.complete(true);
      return;
    }
    var _ =
        client
            .sendAsync(wanted.request(), Requests.BODY)
            .thenAccept(response -> {
              Requests.check(response);
              next(client, wanted, left, end);
            })
            .whenComplete((_, failure) -> {
              if (failure != null) {
                end.completeExceptionally(failure);
              }
            });
  }

  // ---- echo

  private static void startEcho(EchoServer.Accepting accepting) throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      while (true) {
        SocketChannel connection = accepting.next();
        threads.execute(() -> EchoServer.echo(connection));
      }
    }
  }
}
