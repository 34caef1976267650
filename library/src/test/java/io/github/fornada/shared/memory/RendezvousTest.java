package io.github.fornada.shared.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.SideBySide;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Parties of which one cannot wait. */
@SideBySide
class RendezvousTest {
  /** Of a process that has no descriptor left to listen with. */
  private static final class Deaf implements Bell {
    @Override
    public long id() {
      return 1;
    }

    @Override
    public int seat() {
      throw new UncheckedIOException(new IOException("Too many open files"));
    }

    @Override
    public long idOf(int seat) {
      return 0;
    }

    @Override
    public Sleeper add(long key) {
      return new Sleeper(key, false);
    }

    @Override
    public void remove(Sleeper sleeper) {}

    @Override
    public void ring(int seat, long key) {}
  }

  @Test
  void whoCannotWaitForTheOthersBreaksTheRound() {
    MemorySegment memory = MemorySegment.ofArray(new long[1024]);
    var region = new Region(Space.with(new Deaf()), "object-x", memory, null);
    region.shape(Rendezvous.shape(2));
    var rendezvous = new Rendezvous(region);
    assertThatThrownBy(() -> rendezvous.await(Mutex.FOR_EVER))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(rendezvous.isBroken()).isTrue();
  }
}
