package io.github.fornada.process.wire;

import io.github.fornada.stress.Explorer;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A worker claims three items while the pool takes back the items that the worker has not begun.
 */
public final class ClaimWordScenario implements Explorer.Scenario {
  private static final int ITEMS = 3;

  private final ByteBuffer header = ByteBuffer.allocate(4096);
  private final boolean[] begun = new boolean[ITEMS];
  private long taken;

  @Override
  public List<Runnable> threads() {
    return List.of(
        () -> {
          var claims = new ClaimWord(header);
          for (int i = 0; i < ITEMS; i++) {
            begun[i] = claims.claim(ClaimWord.ticket(0, i));
          }
        },
        () -> taken = new ClaimWord(header).takeBack());
  }

  @Override
  public void check() {
    for (int i = 0; i < ITEMS; i++) {
      boolean back = i >= ClaimWord.number(taken);
      if (back == begun[i]) {
        throw new AssertionError(
            "item "
                + i
                + (back ? " was begun and taken back" : " was neither begun nor taken back"));
      }
    }
  }
}
