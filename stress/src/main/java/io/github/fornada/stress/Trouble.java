package io.github.fornada.stress;

import io.github.fornada.TaskFunction;
import java.io.IOException;

/** A function that throws, hangs, exits and so on, as the number of its item says. */
record Trouble(long seed, Tally tally) implements TaskFunction<Integer, Long> {
  static final int EXIT = 3;
  static final int HALT = 4;
  static final String ASKED = "as asked";

  enum Kind {
    QUICK,
    NAPS,
    THROWS,
    FAILS,
    OVERFLOWS,
    SPAWNS,
    SLEEPS,
    DEAF,
    EXITS,
    HALTS
  }

  Kind kind(int id) {
    int kind = (int) Math.floorMod(Work.mix(seed, id), 1000L);
    if (kind < 850) {
      return Kind.QUICK;
    } else if (kind < 900) {
      return Kind.NAPS;
    } else if (kind < 950) {
      return Kind.THROWS;
    } else if (kind < 960) {
      return Kind.FAILS;
    } else if (kind < 965) {
      return Kind.OVERFLOWS;
    } else if (kind < 970) {
      return Kind.SPAWNS;
    } else if (kind < 980) {
      return Kind.SLEEPS;
    } else if (kind < 985) {
      return Kind.DEAF;
    } else if (kind < 993) {
      return Kind.EXITS;
    } else {
      return Kind.HALTS;
    }
  }

  long result(int id) {
    return Work.mix(seed + 1, id);
  }

  @Override
  @SuppressWarnings("InfiniteLoop") // what is asked
  public Long apply(Integer id) throws InterruptedException, IOException {
    if (tally.ran(id) > 0) {
      throw new IllegalStateException("item " + id + " is run again");
    }
    switch (kind(id)) {
      case QUICK -> Work.busy(Math.floorMod(result(id), 100_000L));
      case NAPS -> Thread.sleep(Math.floorMod(result(id), 20L));
      case THROWS -> throw new IllegalArgumentException(ASKED + " " + id);
      case FAILS -> throw new AssertionError(ASKED + " " + id);
      case OVERFLOWS -> throw new IllegalStateException(ASKED + " " + deep(1));
      case SPAWNS -> {
        Process child = new ProcessBuilder("sleep", "600").start(); // left behind on purpose
        child.getOutputStream().close();
      }
      case SLEEPS -> Thread.sleep(600_000);
      case DEAF -> {
        while (true) {
          Work.busy(1_000_000);
        }
      }
      case EXITS -> System.exit(EXIT);
      case HALTS -> Runtime.getRuntime().halt(HALT);
    }
    return result(id);
  }

  @SuppressWarnings("InfiniteRecursion") // what is asked
  private static int deep(int level) {
    return deep(level + 1) + level;
  }
}
