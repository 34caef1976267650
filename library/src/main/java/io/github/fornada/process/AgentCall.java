package io.github.fornada.process;

import io.github.fornada.Outcome;
import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.Fifo;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.FedCall;
import org.jspecify.annotations.Nullable;

/** A function that an agent's pool has sent, and its items. Used by {@link AgentItems} alone. */
final class AgentCall {
  /** An item of the pool. */
  static final class Item implements AgentFunction.Item {
    final long number;
    final AgentCall call;
    final byte[] payload;

    // Written once, in this order, under the lock of the items.
    boolean isTaken;
    @Nullable Batch<?, ?> batch;
    int place;

    /** Why it is to be stopped; null if it is not. Written under the lock of the items. */
    volatile @Nullable String cancelled;

    /**
     * Whether it goes back to the pool unbegun. Written before it is tried, and read by what that
     * ends the item with.
     */
    volatile boolean isReturned;

    /** What it has used; known only if the pool is observed. Written before its outcome. */
    volatile @Nullable TaskUsage usage;

    Item(long number, AgentCall call, byte[] payload) {
      this.number = number;
      this.call = call;
      this.payload = payload;
    }

    @Override
    public byte[] payload() {
      return payload;
    }

    @Override
    public @Nullable String cancelled() {
      return cancelled;
    }

    @Override
    public String toString() {
      return "item " + number + " of the pool";
    }
  }

  /** Written once, before any item comes. */
  private @Nullable FedCall fed;

  // All guarded by the lock of the items.
  final Fifo<Item> queue = new Fifo<>();

  /** Items that have come and not ended. */
  int open;

  boolean isForgotten;

  void begins(FedCall call) {
    fed = call;
  }

  FedCall fed() {
    FedCall known = fed;
    if (known == null) {
      throw new AssertionError("an item before its function");
    }
    return known;
  }

  /** Ends an item of a batch as cancelled unless it was begun; returns whether it has. */
  static <R> boolean refuse(Batch<?, R> batch, int i, String reason) {
    return batch.refuse(i, new Outcome.Cancelled<>(reason));
  }
}
