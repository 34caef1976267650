package io.github.fornada.process.wire;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.nio.ByteBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * A message arrives while the reader goes to sleep: the writer rings, or the reader sees the
 * message. {@link Doorbell#resume} is what a sleeper does before it parks.
 */
@JCStressTest
@Outcome(id = "true, false", expect = ACCEPTABLE, desc = "the sleeper is woken")
@Outcome(id = "false, true", expect = ACCEPTABLE, desc = "it sees the message itself")
@Outcome(id = "true, true", expect = ACCEPTABLE, desc = "both: it wakes once for nothing")
@Outcome(id = "false, false", expect = FORBIDDEN, desc = "it sleeps over the message")
@State
public class DoorbellStress {
  private final Scene scene = new Scene();
  private final Doorbell sleeper = Doorbell.ofWorker(scene.header, () -> {}, null);

  @Actor
  public void write(ZZ_Result r) {
    r.r1 = scene.writeAndRing();
  }

  @Actor
  public void sleep(ZZ_Result r) {
    r.r2 = sleeper.resume(scene.reader);
  }

  /** The sleeper has no fence between setting its flag and checking the ring. */
  @JCStressTest
  @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "the sleeper is woken")
  @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "it sees the message itself")
  @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "both: it wakes once for nothing")
  @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "caught: sleeps over it")
  @State
  public static class Twin {
    private final Scene scene = new Scene();

    @Actor
    public void write(ZZ_Result r) {
      r.r1 = scene.writeAndRing();
    }

    @Actor
    public void sleep(ZZ_Result r) {
      Segment.LONG.setRelease(scene.header, Segment.WORKER_WAITS, 1L);
      r.r2 = scene.reader.isReady();
    }
  }

  private static final class Scene {
    final ByteBuffer header = Memory.piece();
    final ByteBuffer ring = Memory.piece();
    final RingReader reader =
        new RingReader(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    private final RingWriter writer =
        new RingWriter(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    private final Doorbell ringers = Doorbell.ofParent(header, () -> this.rung = true, null);
    private boolean rung;

    boolean writeAndRing() {
      if (writer.tryWrite(1, new byte[1], 1)) {
        writer.publish();
      }
      ringers.ring();
      return rung;
    }
  }
}
