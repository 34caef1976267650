package io.github.fornada.async;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A receiver marks itself as waiting and then checks the channel once more; a sender sends and then
 * checks whether a receiver waits. One of them has to see the other, or the receiver sleeps
 * although there is an element.
 */
@JCStressTest
@Outcome(id = "1", expect = ACCEPTABLE, desc = "served")
@Outcome(id = "0", expect = FORBIDDEN, desc = "it would sleep over the element")
@State
public class ChannelStress {
  private final Channel<Integer> channel = Channel.bounded(1);
  private final ChannelWaiter waiter = new ChannelWaiter(null, null, 0);

  @Actor
  public void send() {
    boolean sent = channel.trySend(1);
    assert sent;
  }

  @Actor
  public void receive() {
    channel.lock();
    try {
      channel.enqueueReceiver(waiter);
      channel.serve();
    } finally {
      channel.unlock();
    }
  }

  @Arbiter
  public void after(I_Result r) {
    r.r1 = waiter.isDone() ? 1 : 0;
  }

  /** The receiver does not check again. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "served")
  @Outcome(id = "0", expect = ACCEPTABLE_INTERESTING, desc = "caught: it sleeps over the element")
  @State
  public static class Twin {
    private final Channel<Integer> channel = Channel.bounded(1);
    private final ChannelWaiter waiter = new ChannelWaiter(null, null, 0);

    @Actor
    public void send() {
      boolean sent = channel.trySend(1);
      assert sent;
    }

    @Actor
    public void receive() {
      channel.lock();
      try {
        channel.enqueueReceiver(waiter);
      } finally {
        channel.unlock();
      }
    }

    @Arbiter
    public void after(I_Result r) {
      r.r1 = waiter.isDone() ? 1 : 0;
    }
  }
}
