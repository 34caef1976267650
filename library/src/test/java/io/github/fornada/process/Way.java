package io.github.fornada.process;

import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TimeZone;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A way of dying, hanging or misbehaving, and what the item that does it must end as. */
enum Way {
  THROWS_EXCEPTION(Ends.FAILED) {
    @Override
    void happen() {
      throw new IllegalStateException("planted exception");
    }
  },
  THROWS_ERROR(Ends.FAILED) {
    @Override
    void happen() {
      throw new AssertionError("planted error");
    }
  },
  THROWS_SOMETHING_THAT_CANNOT_BE_SERIALIZED(Ends.FAILED) {
    @Override
    void happen() {
      throw new Unserializable();
    }
  },
  THROWS_WHAT_ONLY_THE_WORKER_KNOWS(Ends.FAILED) {
    @Override
    void happen() {
      throw ForeignClasses.exception("planted exception of a class made in the worker");
    }
  },
  EXITS_WITH_0(Ends.LOST) {
    @Override
    void happen() {
      System.exit(0);
    }
  },
  EXITS_WITH_1(Ends.LOST) {
    @Override
    void happen() {
      System.exit(1);
    }
  },
  EXITS_AND_A_HOOK_NEVER_ENDS(Ends.LOST) {
    @Override
    void happen() {
      try {
        Runtime.getRuntime().addShutdownHook(new Thread(Way::forEver));
      } catch (IllegalStateException e) {
        forEver(); // it is exiting already, and this is within a hook
      }
      System.exit(4);
    }
  },
  HALTS(Ends.LOST) {
    @Override
    void happen() {
      Runtime.getRuntime().halt(3);
    }
  },
  IS_KILLED(Ends.LOST) {
    @Override
    void happen() {
      signal("KILL");
    }
  },
  CRASHES_IN_NATIVE_CODE(Ends.LOST) {
    @Override
    void happen() {
      signal("SEGV");
    }
  },
  EXHAUSTS_THE_HEAP(Ends.FAILED) {
    @Override
    void happen() {
      List<byte[]> hoard = new ArrayList<>();
      while (true) {
        hoard.add(new byte[1 << 20]);
        if (hoard.size() > 1_000_000) {
          throw new AssertionError("a terabyte of heap");
        }
      }
    }
  },
  EXHAUSTS_THE_METASPACE(Ends.FAILED) {
    @Override
    void happen() {
      List<Class<?>> hoard = new ArrayList<>();
      while (true) {
        hoard.add(ForeignClasses.define("planted.Class" + hoard.size()));
        if (hoard.size() > 1_000_000) {
          throw new AssertionError("a million classes");
        }
      }
    }
  },
  OVERFLOWS_THE_STACK(Ends.FAILED) {
    @Override
    void happen() {
      deeper(1);
    }

    private int deeper(int n) {
      return n < 0 ? n : deeper(n) + 1;
    }
  },
  LOOPS_DEAF_TO_INTERRUPTS(Ends.TIMED_OUT) {
    @Override
    void happen() {
      int mine = cell.get();
      while (cell.get() == mine) {
        Thread.onSpinWait();
      }
    }
  },
  SLEEPS_FOR_EVER(Ends.TIMED_OUT) {
    @Override
    void happen() {
      try {
        Thread.sleep(Long.MAX_VALUE);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  },
  DEADLOCKS(Ends.TIMED_OUT) {
    @Override
    void happen() {
      Object left = new Object();
      Object right = new Object();
      var rightIsTaken = new CountDownLatch(1);
      var other =
          Thread.ofPlatform()
              .daemon()
              .unstarted(() -> {
                synchronized (right) {
                  rightIsTaken.countDown();
                  synchronized (left) {
                    left.notifyAll();
                  }
                }
              });
      synchronized (left) {
        other.start();
        awaitDeaf(rightIsTaken);
        synchronized (right) {
          right.notifyAll();
        }
      }
      throw new AssertionError("no deadlock came about");
    }
  },
  STOPS_ITSELF(Ends.TIMED_OUT) {
    @Override
    void happen() {
      signal("STOP");
      LockSupport.parkNanos(60_000_000_000L);
    }
  },
  CLOSES_ITS_OUTPUT(Ends.NORMAL) {
    @Override
    void happen() {
      System.out.close();
      System.err.close();
    }
  },
  FLOODS_ITS_OUTPUT(Ends.NORMAL) {
    @Override
    void happen() {
      for (int i = 0; i < 200; i++) {
        System.out.print("x".repeat(10_000)); // two megabytes, and no newline
      }
    }
  },
  READS_ITS_INPUT(Ends.NORMAL) {
    @Override
    void happen() {
      try {
        if (System.in.read() != -1) {
          throw new AssertionError("there was something on standard input");
        }
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  },
  SPAWNS_A_CHILD(Ends.NORMAL) {
    @Override
    void happen() {
      try {
        new ProcessBuilder("sleep", "600").inheritIO().start();
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  },
  LEAVES_A_THREAD_BEHIND(Ends.NORMAL) {
    @Override
    void happen() {
      Thread.ofPlatform().daemon(false).start(() -> LockSupport.parkNanos(600_000_000_000L));
    }
  },
  CHANGES_WHAT_ALL_TASKS_SHARE(Ends.NORMAL) {
    @Override
    void happen() {
      Thread.currentThread().setContextClassLoader(null);
      Locale.setDefault(Locale.of("tr", "TR"));
      TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kathmandu"));
      Thread.currentThread().interrupt();
    }
  };

  /** The outcome that the item must have. */
  enum Ends {
    NORMAL,
    FAILED,
    TIMED_OUT,
    LOST
  }

  /**
   * Goes up after a test, to end what loops in the parent, where nothing is killed for it; never in
   * a worker.
   */
  static final AtomicInteger cell = new AtomicInteger();

  /** For what must end at a timeout; also a worker that has just been started must not. */
  static final Duration SHORT_LIMIT = Duration.ofMillis(1500);

  /** So long that nothing else reaches it, even on a busy machine. */
  static final Duration LONG_LIMIT = Duration.ofSeconds(30);

  final Ends ends;

  Way(Ends ends) {
    this.ends = ends;
  }

  /** The timeout for an item that does it. */
  Duration limit() {
    return ends == Ends.TIMED_OUT ? SHORT_LIMIT : LONG_LIMIT;
  }

  /** Does it, in the process and on the thread that calls. */
  abstract void happen();

  private static void forEver() {
    while (true) {
      LockSupport.park();
      var _ = Thread.interrupted(); // or it would not park again, but take a processor
    }
  }

  private static void awaitDeaf(CountDownLatch latch) {
    while (latch.getCount() > 0) {
      Thread.onSpinWait();
    }
  }

  static void signal(String name) {
    try {
      var pid = Long.toString(ProcessHandle.current().pid());
      new ProcessBuilder("kill", "-" + name, pid).inheritIO().start().waitFor();
      // Until it arrives. A single park may return at once, for an unpark that came before.
      long end = System.nanoTime() + 5_000_000_000L;
      while (System.nanoTime() < end) {
        LockSupport.parkNanos(end - System.nanoTime());
      }
    } catch (java.io.IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Holds a field that cannot be written. */
  static final class Unserializable extends RuntimeException {
    final ByteBuffer field = ByteBuffer.allocate(1);

    Unserializable() {
      super("planted unserializable exception", new NotSerializableException("cause"));
    }
  }
}
