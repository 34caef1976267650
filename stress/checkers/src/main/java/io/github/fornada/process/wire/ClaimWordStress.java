package io.github.fornada.process.wire;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.nio.ByteBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZJ_Result;

/** A worker claims item 0 while the pool takes back the items that were not begun. */
@JCStressTest
@Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "begun, and not taken back")
@Outcome(id = "false, 0", expect = ACCEPTABLE, desc = "taken back, and not begun")
@Outcome(id = "true, 0", expect = FORBIDDEN, desc = "runs twice")
@Outcome(id = "false, 1", expect = FORBIDDEN, desc = "runs nowhere")
@State
public class ClaimWordStress {
  private final ByteBuffer header = Memory.piece();
  private final ClaimWord worker = new ClaimWord(header);
  private final ClaimWord pool = new ClaimWord(header);

  @Actor
  public void claim(ZJ_Result r) {
    r.r1 = worker.claim(ClaimWord.ticket(0, 0));
  }

  @Actor
  public void takeBack(ZJ_Result r) {
    r.r2 = ClaimWord.number(pool.takeBack());
  }

  /** The worker reads the word first and sets it later. */
  @JCStressTest
  @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "begun, and not taken back")
  @Outcome(id = "false, 0", expect = ACCEPTABLE, desc = "taken back, and not begun")
  @Outcome(id = "true, 0", expect = ACCEPTABLE_INTERESTING, desc = "caught: runs twice")
  @State
  public static class Twin {
    private final ByteBuffer header = Memory.piece();
    private final LookingClaimWord worker = new LookingClaimWord(header);
    private final ClaimWord pool = new ClaimWord(header);

    @Actor
    public void claim(ZJ_Result r) {
      r.r1 = worker.claim(ClaimWord.ticket(0, 0));
    }

    @Actor
    public void takeBack(ZJ_Result r) {
      r.r2 = ClaimWord.number(pool.takeBack());
    }
  }
}
