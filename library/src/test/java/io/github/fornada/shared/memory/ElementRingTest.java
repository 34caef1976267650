package io.github.fornada.shared.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** The rings of processes that share one, all in this one. */
@SideBySide
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class ElementRingTest {
  private static final long SHORT = Duration.ofMillis(1).toNanos();

  // As in the ring.
  private static final int SENDERS = 2;
  private static final int RECEIVERS = 4;
  private static final int TAIL = 6;
  private static final int HEAD = 8;

  private static final int UNITS = 8;

  private final Seats seats = new Seats(3, Region.PAGE + ElementRing.RESERVED + UNITS * Long.BYTES);

  private ElementRing ring(int seat) {
    Region region = seats.region(seat);
    region.shape(ElementRing.shape(UNITS));
    return new ElementRing(region, ElementRingTest::noRoom);
  }

  private static ElementRing.Room noRoom(int kind, long length) {
    throw new AssertionError("kind " + kind);
  }

  /** Returns elements with so many bytes each. */
  private static List<ElementRing.Element> elements(int... lengths) {
    return Arrays.stream(lengths)
        .mapToObj(length -> new ElementRing.Element(new byte[length], length))
        .toList();
  }

  /** Notes that the process in this seat waits at a line. */
  private void waits(int seat, int line) {
    Region region = seats.region(seat);
    boolean _ = WaitBits.set(region.segment(), Region.line(line) + Long.BYTES, seat);
  }

  @Test
  void aReceiverWhoseTimeIsOverPassesItsRingOn() throws Exception {
    ElementRing ring = ring(0);
    var lock = new Mutex(seats.region(2), RECEIVERS);
    assertThat(lock.tryAcquire()).isZero();
    waits(1, TAIL);
    assertThat(ring.receive(1, SHORT)).isEmpty();
    assertThat(seats.rung()).containsExactly(1);
    waits(1, TAIL);
    assertThat(ring.lease(SHORT)).isEqualTo(ElementRing.Attempt.NOTHING);
    assertThat(seats.rung()).containsExactly(1, 1);
    lock.release();
  }

  @Test
  void aSenderWhoseTimeIsOverPassesItsRingOn() throws Exception {
    ElementRing ring = ring(0);
    var lock = new Mutex(seats.region(2), SENDERS);
    assertThat(lock.tryAcquire()).isZero();
    waits(1, HEAD);
    assertThat(ring.send(elements(1), 0, SHORT)).isEqualTo(Integer.MIN_VALUE);
    assertThat(seats.rung()).containsExactly(1);
    lock.release();
  }

  @Test
  void roomThatIsTooSmallForOneIsOfferedToTheNext() throws Exception {
    ElementRing receiver = ring(0);
    ElementRing large = ring(1);
    for (int i = 0; i < UNITS; i++) {
      assertThat(receiver.send(elements(1), 0, 0)).isEqualTo(1);
    }
    Thread sender = Thread.ofPlatform().daemon().start(() -> sendQuietly(large, 3 * Long.BYTES));
    Waiting.until("it sleeps", () -> sender.getState() == Thread.State.WAITING);
    waits(2, HEAD); // with a small one
    assertThat(receiver.receive(1, 0)).hasSize(1);
    Waiting.until("the next was rung", () -> seats.rung().contains(2));
    assertThat(receiver.receive(UNITS, 0)).hasSize(UNITS - 1);
    sender.join();
  }

  private static void sendQuietly(ElementRing ring, int length) {
    try {
      while (ring.send(elements(length), 0, Mutex.FOR_EVER) == 0) {
        boolean _ = ring.awaitRoom(length, Mutex.FOR_EVER);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whoLeavesWithARingForRoomThatItCannotUsePassesItOn() throws Exception {
    ElementRing receiver = ring(0);
    ElementRing large = ring(1);
    for (int i = 0; i < UNITS; i++) {
      assertThat(receiver.send(elements(1), 0, 0)).isEqualTo(1);
    }
    assertThat(receiver.receive(1, 0)).hasSize(1);
    waits(2, HEAD);
    assertThat(large.awaitRoom(3 * Long.BYTES, SHORT)).isFalse();
    assertThat(seats.rung()).containsExactly(2);
  }

  /** What a plain element is copied to. */
  private record Bytes(MemorySegment bytes) implements ElementRing.Room {}

  @Test
  void anElementForWhichThereIsNoMemoryTakesNothingNorDoesWhatCameBackGetLost() throws Exception {
    var full = new AtomicBoolean(true);
    var leased = MemorySegment.ofArray(new long[(int) (Region.PAGE / Long.BYTES) + UNITS]);
    Region region = seats.region(0);
    Region.Shape shape = ElementRing.shape(UNITS);
    region.shape(shape);
    var ring = new ElementRing(region, (kind, length) -> room(full, length), leasedBytes(leased));
    var dies = new ElementRing(seats.region(1), ElementRingTest::noRoom, leasedBytes(leased));
    var bytes = MemorySegment.ofArray(new byte[] {7, 7, 7, 7, 7, 7, 7, 7});
    assertThat(ring.send(elements(2), 0, 0)).isEqualTo(1);
    assertThat(ring.send(List.of(ElementRing.Element.plain(1, bytes)), 0, 0)).isEqualTo(1);
    assertThat(Objects.requireNonNull(dies.lease(0)).lease()).isNotNull();
    assertThat(region.recover(Seats.idOf(1), 1, false)).isNull();
    waits(2, TAIL);
    assertThatThrownBy(() -> ring.receive(2, 0)).isInstanceOf(OutOfMemoryError.class);
    assertThat(seats.rung()).as("another one may take it").containsExactly(2);
    full.set(false);
    List<ElementRing.Taken> taken = Objects.requireNonNull(ring.receive(2, 0));
    assertThat(taken).extracting(ElementRing.Taken::length).containsExactly(2, 8);
    assertThat(ring.size()).isZero();
  }

  private static ElementRing.Room room(AtomicBoolean full, long length) {
    if (full.get()) {
      throw new OutOfMemoryError("Java heap space");
    }
    return new Bytes(MemorySegment.ofArray(new byte[(int) length]));
  }

  private static LongFunction<Region> leasedBytes(MemorySegment memory) {
    return bytes -> new Region(Space.local(), "object-e", memory, null);
  }
}
