package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.Segment;
import io.github.fornada.process.worker.ParentClassLoader;
import io.github.fornada.process.worker.TaskWatchdog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Workers whose shared memory or channel was overwritten by faulty code: only that worker is lost.
 */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class CorruptFrameTest {
  @TempDir Path folder;

  private Pool pool;

  @BeforeEach
  void open() {
    pool = Pools.open(2);
  }

  @AfterEach
  void end() throws InterruptedException {
    Pools.end(pool);
  }

  /** The shared memory of the worker that this runs in. */
  @SuppressWarnings("restricted") // only /proc says where the memory is
  private static MemorySegment memory() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
      if (line.contains("/segment-")) {
        long address = Long.parseLong(line.substring(0, line.indexOf('-')), 16);
        return MemorySegment.ofAddress(address).reinterpret(Segment.SIZE);
      }
    }
    throw new IOException("no segment is mapped");
  }

  /** Writes one message after the last, with this type, length and first words. */
  private static void plant(int type, int length, long... words) throws IOException {
    MemorySegment all = memory();
    long tail = (long) Segment.LONG.getVolatile(all, Segment.TO_PARENT_TAIL);
    long at = 4096 + Segment.RING + (tail & (Segment.RING - 1));
    all.set(ValueLayout.JAVA_INT, at, length);
    all.set(ValueLayout.JAVA_INT, at + 4, type);
    for (int i = 0; i < words.length; i++) {
      all.set(ValueLayout.JAVA_LONG_UNALIGNED, at + 8 + 8L * i, words[i]);
    }
    Segment.LONG.setVolatile(all, Segment.TO_PARENT_TAIL, tail + 8 + ((length + 7L) & ~7L));
  }

  private static long number() throws IOException {
    return ClaimWord.number((long) Segment.LONG.getVolatile(memory(), Segment.CLAIM)) - 1;
  }

  enum Madness {
    UNKNOWN_TYPE {
      @Override
      void happen() throws IOException {
        plant(99, 48, number(), 0, 0, 0, 0, 0);
      }
    },
    UNKNOWN_PAYLOAD {
      @Override
      void happen() throws IOException {
        plant(MessageTypes.DONE, 48, number(), 0, 0, 0, 0, 0x7700);
      }
    },
    TOO_SHORT {
      @Override
      void happen() throws IOException {
        plant(MessageTypes.DONE, 16, number(), 0);
      }
    },
    ALMOST_EMPTY {
      @Override
      void happen() throws IOException {
        plant(MessageTypes.DONE, 3, 0);
      }
    },
    FILE_THAT_IS_NOT_THERE {
      @Override
      void happen() throws IOException {
        // flag, length 7, name "result-x" with its length before it
        plant(
            MessageTypes.DONE,
            57,
            number(),
            0,
            0,
            0,
            0,
            0x0000080000000701L,
            0x742d746c75736572L >>> 0,
            0);
      }
    },
    FAILURE_WITHOUT_EXCEPTION {
      @Override
      void happen() throws IOException {
        plant(MessageTypes.FAILED, 48, number(), 0, 0, 0, 0, 0);
      }
    },
    NEGATIVE_LENGTH {
      @Override
      void happen() throws IOException {
        plant(MessageTypes.DONE, -5, number());
      }
    },
    GIANT_LENGTH {
      @Override
      void happen() throws IOException {
        plant(MessageTypes.DONE, Integer.MAX_VALUE, number());
      }
    },
    TAIL_FAR_AHEAD {
      @Override
      void happen() throws IOException {
        Segment.LONG.setVolatile(memory(), Segment.TO_PARENT_TAIL, Long.MAX_VALUE & ~7L);
      }
    },
    TAIL_BEHIND {
      @Override
      void happen() throws IOException {
        Segment.LONG.setVolatile(memory(), Segment.TO_PARENT_TAIL, -8L);
      }
    },
    ITEM_THAT_WAS_NOT_DUE {
      @Override
      void happen() throws IOException {
        plant(MessageTypes.DONE, 48, 123456, 0, 0, 0, 0, 0);
      }
    },
    MANY_CLAIMS {
      @Override
      void happen() throws IOException {
        Segment.LONG.setVolatile(memory(), Segment.CLAIM, 1L << 40);
      }
    },
    RUBBISH_EVERYWHERE {
      @Override
      void happen() throws IOException {
        memory().fill((byte) 0x5A);
      }
    };

    abstract void happen() throws IOException;
  }

  /** Those that destroy results that the parent has not read yet. */
  private static final Set<Madness> LOSING_THE_UNREAD =
      EnumSet.of(Madness.TAIL_FAR_AHEAD, Madness.TAIL_BEHIND, Madness.RUBBISH_EVERYWHERE);

  @ParameterizedTest
  @EnumSource(Madness.class)
  void costsThatWorkerOnly(Madness madness) throws Exception {
    Path gate = folder.resolve("gate");
    String file = gate.toString();
    Map<Integer, Outcome<Integer>> outcomes = new TreeMap<>();
    pool.completions(
            List.of(0, 1, 2, 3, 4, 5),
            x -> {
              if (x == 3) {
                // Results that were not read yet are lost with the ring's positions.
                while (LOSING_THE_UNREAD.contains(madness) && !Files.exists(Path.of(file))) {
                  LockSupport.parkNanos(1_000_000);
                }
                madness.happen();
                sendOnControl(MessageTypes.BELL, new MessageOutput()); // the parent may be asleep
                if (madness == Madness.MANY_CLAIMS) {
                  Runtime.getRuntime().halt(3);
                }
                LockSupport.parkNanos(30_000_000_000L);
              }
              return x;
            })
        .forEach(c -> {
          outcomes.put(c.item(), c.outcome());
          if (outcomes.size() == 5) {
            openGate(gate);
          }
        });
    for (int i = 0; i < 6; i++) {
      if (i == 3) {
        assertThat(outcomes.get(i).isDone()).isFalse();
      } else {
        assertThat(outcomes.get(i)).as("item %d", i).isEqualTo(new Outcome.Done<>(i));
      }
    }
    for (int i = 0; i < 4; i++) {
      assertThat(Pools.soon(pool.submit(i, x -> x + 1))).isEqualTo(i + 1);
    }
  }

  private static void openGate(Path gate) {
    try {
      Files.createFile(gate);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void sendOnControl(int type, MessageOutput body) throws Exception {
    var loader = (ParentClassLoader) Thread.currentThread().getContextClassLoader();
    Object questions = field(loader, "questions");
    ((ControlChannel) field(questions, "control")).send(type, body);
  }

  private static Object field(Object of, String name) throws Exception {
    var field = of.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }

  @Test
  void anUnknownControlFrameCostsThatWorkerOnly() throws Exception {
    Outcome<Integer> outcome =
        pool.outcomes(
                List.of(1),
                x -> {
                  sendOnControl(99, new MessageOutput());
                  LockSupport.parkNanos(30_000_000_000L);
                  return x;
                })
            .toList()
            .getFirst();
    assertThat(outcome).isInstanceOf(Outcome.WorkerLost.class);
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  @Test
  void aWorkerThatItsPoolGivesUpWhileItStartsIsNotTakenForKilledFromOutside() throws Exception {
    Pool broken =
        Pools.open(
            1,
            o ->
                o.withInitializer(() -> {
                  sendOnControl(99, new MessageOutput());
                  LockSupport.parkNanos(30_000_000_000L);
                }));
    try {
      assertThatThrownBy(() -> Pools.soon(broken.submit(1, x -> x + 1)))
          .hasMessageContaining("it was killed by its pool, because its start could not go on: ")
          .hasMessageContaining("control frame of type 99 before it was ready");
    } finally {
      Pools.end(broken);
    }
  }

  @Test
  void aStuckReportForAnItemThatIsNotRunningBlamesNobodyElse() throws Exception {
    List<Outcome<Integer>> outcomes =
        pool.outcomes(
                List.of(1, 2, 3),
                x -> {
                  if (x == 2) {
                    sendOnControl(
                        MessageTypes.STUCK,
                        new MessageOutput()
                            .putLong(77)
                            .putByte(TaskWatchdog.Reason.LIMIT.code)
                            .putInt(-1));
                    LockSupport.parkNanos(30_000_000_000L);
                  }
                  return x;
                })
            .toList();
    assertThat(outcomes.get(0)).isEqualTo(new Outcome.Done<>(1));
    assertThat(outcomes.get(1)).isInstanceOf(Outcome.WorkerLost.class);
    assertThat(outcomes.get(2)).isEqualTo(new Outcome.Done<>(3));
  }
}
