package io.github.fornada.spi;

import io.github.fornada.checkers.Lincheck;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;

/**
 * Items of one batch that are claimed, given back and ended by several threads at once, one by one
 * and in rows within a word, change as if one after the other.
 */
class ItemStatesLincheckTest {
  @Test
  void whateverHappensToItemsHasAnOrder() {
    Lincheck.holds(States.class);
  }

  @Test
  void aRowThatLooksAndThenSetsIsCaught() {
    Lincheck.caught(Looking.class);
  }

  @Param(name = "item", gen = IntGen.class, conf = "0:3")
  public static final class States {
    private final ItemStates states = new ItemStates(4);

    @Operation
    public int claim(@Param(name = "item") int from) {
      return states.claim(from);
    }

    @Operation
    public int claimRow(@Param(name = "item") int first) {
      return states.claimRow(first, 2);
    }

    @Operation
    public int endRow(@Param(name = "item") int first) {
      return states.endRow(first, 2);
    }

    @Operation
    public int end(@Param(name = "item") int i) {
      return states.end(i);
    }

    @Operation
    public boolean release(@Param(name = "item") int i) {
      return states.move(i, ItemStates.RUNNING, ItemStates.WAITING);
    }

    @Operation
    public boolean refuse(@Param(name = "item") int i) {
      return states.move(i, ItemStates.WAITING, ItemStates.ENDED);
    }
  }

  @Param(name = "item", gen = IntGen.class, conf = "0:3")
  public static final class Looking {
    private final LookingStates states = new LookingStates();

    @Operation
    public boolean claimRow(@Param(name = "item") int first) {
      return states.claimRow(first, 2);
    }
  }
}
