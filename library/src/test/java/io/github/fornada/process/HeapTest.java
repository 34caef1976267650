package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The sizes of a worker's heap. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class HeapTest {
  private static final long MIB = 1 << 20;

  /** The sizes of the whole heap and of its young generation at the start of a worker. */
  private record Sizes(long heap, long young) {
    static Sizes now(int item) {
      long young =
          ManagementFactory.getMemoryPoolMXBeans().stream()
              .filter(pool -> List.of("Eden Space", "Survivor Space").contains(pool.getName()))
              .mapToLong(pool -> pool.getUsage().getCommitted())
              .sum();
      return new Sizes(Runtime.getRuntime().totalMemory(), young);
    }
  }

  private static Sizes sizes(String heap, String... jvmOptions) throws Exception {
    try (Pool pool = Pools.open(1, o -> o.withHeap(heap).withJvmOptions(jvmOptions))) {
      return pool.map(List.of(1), Sizes::now).getFirst();
    }
  }

  @Test
  void aThirdOfTheHeapIsForNewObjectsFromTheStart() throws Exception {
    assertThat(sizes("300m").young()).isBetween(80 * MIB, 100 * MIB);
  }

  @Test
  void aLargeHeapStartsSmaller() throws Exception {
    Sizes sizes = sizes("3g");
    assertThat(sizes.heap()).isBetween(880 * MIB, 960 * MIB);
    assertThat(sizes.young()).isBetween(270 * MIB, 320 * MIB);
  }

  @Test
  void optionsOfTheUserWin() throws Exception {
    assertThat(sizes("3g", "-Xms64m").heap()).isLessThan(80 * MIB);
    assertThat(sizes("3g", "-Xmx100m").heap()).isLessThan(110 * MIB);
    assertThat(sizes("3g", "-XX:NewSize=20m").heap()).isLessThan(880 * MIB);
    assertThat(sizes("300m", "-XX:+UseG1GC").heap()).isGreaterThan(0);
  }
}
