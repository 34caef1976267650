package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Processes that share the memory of one object, all in this one; who is rung is noted. */
final class Seats {
  private final MemorySegment memory;
  private final @Nullable Sleepers[] sleepers;
  private final List<Integer> rung = new CopyOnWriteArrayList<>();

  Seats(int count, long bytes) {
    this.memory = MemorySegment.ofArray(new long[(int) (bytes / Long.BYTES)]);
    this.sleepers = new @Nullable Sleepers[count];
  }

  /** Returns what the process in this seat has of the object. */
  Region region(int seat) {
    return new Region(Space.with(new Seat(seat)), "object-x", memory, null);
  }

  static long idOf(int seat) {
    return seat + 1L;
  }

  /** Returns the seats that were rung so far. */
  List<Integer> rung() {
    return rung;
  }

  private final class Seat implements Bell {
    private final int seat;

    Seat(int seat) {
      this.seat = seat;
      sleepers[seat] = new Sleepers();
    }

    @Override
    public long id() {
      return Seats.idOf(seat);
    }

    @Override
    public int seat() {
      return seat;
    }

    @Override
    public long idOf(int other) {
      return Seats.idOf(other);
    }

    @Override
    public Sleeper add(long key) {
      var self = new Sleeper(key, false);
      Objects.requireNonNull(sleepers[seat]).add(self);
      return self;
    }

    @Override
    public void remove(Sleeper sleeper) {
      Objects.requireNonNull(sleepers[seat]).remove(sleeper);
    }

    @Override
    public void ring(int other, long key) {
      rung.add(other);
      Sleepers all = sleepers[other];
      if (all != null) {
        all.ring(key);
      }
    }
  }
}
