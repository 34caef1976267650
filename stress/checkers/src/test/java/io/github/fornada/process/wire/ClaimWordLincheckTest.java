package io.github.fornada.process.wire;

import io.github.fornada.checkers.Lincheck;
import java.nio.ByteBuffer;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Concurrent changes of the claim word by worker and pool are as if made one after the other. */
class ClaimWordLincheckTest {
  @BeforeAll
  static void define() {
    Lincheck.shares(ClaimWordLincheckTest.class, "ClaimWord", "LookingClaimWord");
  }

  @Test
  void claimsAndTakeBacksHaveAnOrder() {
    Lincheck.holds(Word.class);
  }

  @Test
  void aClaimThatLooksAndThenSetsIsCaught() {
    Lincheck.caught(LookingWord.class);
  }

  @Param(name = "epoch", gen = IntGen.class, conf = "0:1")
  @Param(name = "number", gen = IntGen.class, conf = "0:1")
  public static final class Word {
    private final ClaimWord claims = new ClaimWord(Memory.piece());

    @Operation
    public boolean claim(@Param(name = "epoch") int epoch, @Param(name = "number") int number) {
      return claims.claim(ClaimWord.ticket(epoch, number));
    }

    @Operation
    public long takeBack() {
      return claims.takeBack();
    }
  }

  @Param(name = "epoch", gen = IntGen.class, conf = "0:1")
  @Param(name = "number", gen = IntGen.class, conf = "0:1")
  public static final class LookingWord {
    private final ByteBuffer header = Memory.piece();
    private final LookingClaimWord worker = new LookingClaimWord(header);
    private final ClaimWord pool = new ClaimWord(header);

    @Operation
    public boolean claim(@Param(name = "epoch") int epoch, @Param(name = "number") int number) {
      return worker.claim(ClaimWord.ticket(epoch, number));
    }

    @Operation
    public long takeBack() {
      return pool.takeBack();
    }
  }
}
