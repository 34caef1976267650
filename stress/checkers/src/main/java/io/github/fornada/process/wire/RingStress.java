package io.github.fornada.process.wire;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.nio.ByteBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** One message goes through a ring. It stays at the ring's beginning, far from its end. */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "no message yet")
@Outcome(id = "1", expect = ACCEPTABLE, desc = "the whole message")
@Outcome(id = "-1", expect = FORBIDDEN, desc = "a message that is not whole")
@State
public class RingStress {
  private static final byte[] BODY = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  private static final int TYPE = 7;

  private final ByteBuffer header = Memory.piece();
  private final ByteBuffer ring = Memory.piece();
  private final RingWriter writer =
      new RingWriter(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
  private final RingReader reader = reader(header, ring);

  private static RingReader reader(ByteBuffer header, ByteBuffer ring) {
    return new RingReader(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
  }

  private static int read(RingReader reader) {
    try {
      if (!reader.next()) {
        return 0;
      }
      MessageInput body = reader.body();
      boolean whole = reader.type() == TYPE;
      for (int i = 0; i < BODY.length && whole; i++) {
        whole = body.getByte() == 1;
      }
      return whole ? 1 : -1;
    } catch (CorruptFrameException e) {
      return -1;
    }
  }

  @Actor
  public void write() {
    if (writer.tryWrite(TYPE, BODY, BODY.length)) {
      writer.publish();
    }
  }

  @Actor
  public void read(I_Result r) {
    r.r1 = read(reader);
  }

  /** The writer publishes the message before it is written. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "no message yet")
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the whole message")
  @Outcome(id = "-1", expect = ACCEPTABLE_INTERESTING, desc = "caught: not whole")
  @State
  public static class Twin {
    private final ByteBuffer header = Memory.piece();
    private final ByteBuffer ring = Memory.piece();
    private final EarlyWriter writer = new EarlyWriter(header, ring);
    private final RingReader reader = reader(header, ring);

    @Actor
    public void write() {
      writer.write(TYPE, BODY);
    }

    @Actor
    public void read(I_Result r) {
      r.r1 = RingStress.read(reader);
    }
  }
}
