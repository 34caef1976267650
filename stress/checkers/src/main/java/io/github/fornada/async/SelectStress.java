package io.github.fornada.async;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A select waits in two channels, and both get an element: one is taken, the other one stays. */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "one taken, one left")
@Outcome(expect = FORBIDDEN, desc = "both taken, or none")
@State
public class SelectStress {
  private final TwoChannels channels;

  public SelectStress() {
    var selection = new Selection();
    channels = new TwoChannels(selection, selection);
  }

  @Actor
  public void sendOne() {
    channels.sendOne();
  }

  @Actor
  public void sendTwo() {
    channels.sendTwo();
  }

  @Arbiter
  public void after(II_Result r) {
    channels.count(r);
  }

  /** Each channel has its own claim. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "one taken, one left")
  @Outcome(id = "2, 0", expect = ACCEPTABLE_INTERESTING, desc = "caught: both taken")
  @State
  public static class Twin {
    private final TwoChannels channels = new TwoChannels(new Selection(), new Selection());

    @Actor
    public void sendOne() {
      channels.sendOne();
    }

    @Actor
    public void sendTwo() {
      channels.sendTwo();
    }

    @Arbiter
    public void after(II_Result r) {
      channels.count(r);
    }
  }

  private static final class TwoChannels {
    private final Channel<Integer> one = Channel.bounded(1);
    private final Channel<Integer> two = Channel.bounded(1);
    private final ChannelWaiter first;
    private final ChannelWaiter second;

    TwoChannels(Selection ofFirst, Selection ofSecond) {
      first = waiter(one, ofFirst);
      second = waiter(two, ofSecond);
    }

    private static ChannelWaiter waiter(Channel<Integer> channel, Selection selection) {
      var waiter = new ChannelWaiter(null, selection, 0);
      channel.lock();
      channel.enqueueReceiver(waiter);
      channel.unlock();
      return waiter;
    }

    void sendOne() {
      boolean sent = one.trySend(1);
      assert sent;
    }

    void sendTwo() {
      boolean sent = two.trySend(2);
      assert sent;
    }

    void count(II_Result r) {
      r.r1 = (first.isDone() ? 1 : 0) + (second.isDone() ? 1 : 0);
      r.r2 = (one.tryReceive() == null ? 0 : 1) + (two.tryReceive() == null ? 0 : 1);
    }
  }
}
