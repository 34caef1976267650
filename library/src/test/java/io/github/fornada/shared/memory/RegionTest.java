package io.github.fornada.shared.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The memory of an object, and its end. */
@SideBySide
class RegionTest {
  private static Region made(Space space) {
    var shape = new Region.Shape(0, 1, 0, Region.ClaimedBy.NUMBER, 0);
    return space.create(ObjectKind.FLAG, 0, "a flag", shape, region -> {});
  }

  /** As of an array, which notes its memory and then waits for the end of it. */
  @Test
  void whoAsksForTheEndOfAnObjectThatWasFreedMeanwhileHearsOfIt() {
    Space space = Space.local();
    Region region = made(space);
    var heard = new AtomicInteger();
    region.whenFreed(heard::incrementAndGet);
    space.free(region);
    assertThat(heard).hasValue(1);
    region.whenFreed(heard::incrementAndGet);
    assertThat(heard).hasValue(2);
  }
}
