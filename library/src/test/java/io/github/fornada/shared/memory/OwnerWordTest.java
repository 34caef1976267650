package io.github.fornada.shared.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which process has a lock, where one of them ends at the worst moment. */
@SideBySide
class OwnerWordTest {
  private static final long OWNER = 1;
  private static final int SEAT = 5;
  private static final long DIES = 7;
  private static final long COMES = 8;
  private static final long AT = Region.line(1);

  private final MemorySegment memory = MemorySegment.ofArray(new long[512]);
  private final List<Integer> rung = new ArrayList<>();

  /** Lets the process in the seat die, and another one take it, after the first look at it. */
  private final class Reseating implements Bell {
    private long inSeat = DIES;

    @Override
    public long id() {
      return OWNER;
    }

    @Override
    public int seat() {
      return 0;
    }

    @Override
    public long idOf(int seat) {
      long seen = inSeat;
      if (seen == DIES) {
        OwnerWord.recover(memory, AT, DIES, SEAT);
        inSeat = COMES;
        asksAndSleeps();
      }
      return seen;
    }

    @Override
    public Sleeper add(long key) {
      return new Sleeper(key, false);
    }

    @Override
    public void remove(Sleeper sleeper) {}

    @Override
    public void ring(int seat, long key) {
      rung.add(seat);
    }
  }

  private void asksAndSleeps() {
    assertThat(OwnerWord.ask(memory, AT, SEAT)).isTrue();
    assertThat(WaitBits.set(memory, AT + OwnerWord.BITS, SEAT)).isTrue();
  }

  @Test
  void aLockThatWasToBeHandedToOneThatDiesGoesToTheNextInItsSeat() {
    var region = new Region(Space.with(new Reseating()), "object-x", memory, null);
    assertThat(OwnerWord.tryTake(memory, AT, OWNER)).isZero();
    asksAndSleeps();
    OwnerWord.release(region, AT, 0);
    assertThat(rung).containsExactly(SEAT);
    assertThat(OwnerWord.tryTake(memory, AT, COMES)).isZero();
  }
}
