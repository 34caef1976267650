package io.github.fornada.process.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The ring and the claim word alone, intact and corrupt. */
@Timeout(240)
class RingTest {
  @TempDir Path folder;
  private Segment segment;
  private RingWriter writer;
  private RingReader reader;

  @BeforeEach
  void map() throws IOException {
    segment = Segment.create(folder.resolve("segment"));
    writer = segment.toWorkerWriter();
    reader = segment.toWorkerReader();
  }

  @Test
  void whatIsNotPublishedIsNotSeen() throws Exception {
    assertThat(writer.tryWrite(1, new byte[8], 8)).isTrue();
    assertThat(reader.isReady()).isFalse();
    assertThat(reader.next()).isFalse();
    writer.publish();
    assertThat(reader.isReady()).isTrue();
    assertThat(reader.next()).isTrue();
    assertThat(reader.type()).isEqualTo(1);
    assertThat(reader.next()).isFalse();
  }

  @Test
  void messagesOfAllLengthsComeOutInOrderManyTimesAroundTheRing() throws Exception {
    var random = new Random(42);
    byte[] body = new byte[RingWriter.LONGEST];
    int written = 0;
    int read = 0;
    long bytes = 0;
    while (bytes < 20 * Segment.RING) {
      int length =
          random.nextInt(10) == 0 ? random.nextInt(RingWriter.LONGEST + 1) : random.nextInt(200);
      body[0] = (byte) written;
      if (writer.tryWrite(1 + written % 100, body, length)) {
        bytes += length;
        written++;
        if (random.nextBoolean()) {
          continue;
        }
      }
      writer.publish();
      while (reader.next()) {
        assertThat(reader.type()).isEqualTo(1 + read % 100);
        MessageInput in = reader.body();
        if (in.remaining() > 0) {
          assertThat(in.getByte()).isEqualTo((byte) read);
        }
        read++;
      }
    }
    assertThat(read).isPositive();
    assertThat(written - read).isLessThan(2 + 1);
  }

  @Test
  void aFullRingRefusesAndTakesAgainWhenRead() throws Exception {
    int n = 0;
    while (writer.tryWrite(1, new byte[1000], 1000)) {
      n++;
    }
    assertThat(n).isEqualTo((int) (Segment.RING / RingWriter.sizeOf(1000)));
    writer.publish();
    assertThat(writer.tryWrite(1, new byte[1000], 1000)).isFalse();
    assertThat(reader.next()).isTrue();
    assertThat(reader.next()).isTrue();
    assertThat(writer.tryWrite(1, new byte[1000], 1000)).isTrue();
  }

  @Test
  void aMessageLongerThanTheBoundIsRefused() {
    assertThatThrownBy(
            () -> writer.tryWrite(1, new byte[RingWriter.LONGEST + 1], RingWriter.LONGEST + 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void corruptPositionsAndLengthsAreNoticed() {
    for (long tail : new long[] {-8, 4, Segment.RING + 8, Long.MAX_VALUE, Long.MIN_VALUE}) {
      Segment.LONG.setVolatile(segment.header(), Segment.TO_WORKER_TAIL, tail);
      assertThatThrownBy(() -> segment.toWorkerReader().next())
          .as("tail %d", tail)
          .isInstanceOf(CorruptFrameException.class);
    }
    Segment.LONG.setVolatile(segment.header(), Segment.TO_WORKER_TAIL, 64L);
    for (int length : new int[] {-1, Integer.MIN_VALUE, 57, RingWriter.LONGEST + 1, 1 << 30}) {
      for (int type : new int[] {RingWriter.PADDING, MessageTypes.DONE}) {
        segment.header().putInt(4096, length);
        segment.header().putInt(4100, type);
        assertThatThrownBy(() -> segment.toWorkerReader().next())
            .as("length %d", length)
            .isInstanceOf(CorruptFrameException.class);
      }
    }
  }

  @Test
  void anItemIsClaimedOnceAndNotAfterItWasTakenBack() {
    var claims = new ClaimWord(segment.header());
    assertThat(claims.claim(ClaimWord.ticket(0, 0))).isTrue();
    assertThat(claims.claim(ClaimWord.ticket(0, 0))).as("twice").isFalse();
    assertThat(claims.claim(ClaimWord.ticket(0, 2))).as("out of turn").isFalse();
    assertThat(claims.claim(ClaimWord.ticket(0, 1))).isTrue();
    long back = claims.takeBack();
    assertThat(ClaimWord.epoch(back)).isEqualTo(1);
    assertThat(ClaimWord.number(back)).isEqualTo(2);
    assertThat(claims.claim(ClaimWord.ticket(0, 2))).as("taken back").isFalse();
    assertThat(claims.claim(ClaimWord.ticket(1, 2))).isTrue();
  }

  @Test
  void theEpochWrapsAround() {
    var claims = new ClaimWord(segment.header());
    for (int i = 0; i < 65_536; i++) {
      claims.takeBack();
    }
    assertThat(claims.claim(ClaimWord.ticket(0, 0))).isTrue();
  }
}
