package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;

/**
 * Two processes meet; the first dies at any step, and a third takes back what it had, and then
 * comes itself. The second has met one of them, or is told whose death broke it.
 */
public final class RendezvousScenario implements Explorer.Scenario {
  private static final int MORTAL = 0;
  private static final int OTHER = 1;
  private static final int PARENT = 2;
  private static final int PARTIES = 2;

  private final Processes processes = new Processes(3, Region.PAGE + Rendezvous.sizeFor(PARTIES));
  private final Object content = new Object();
  private int met;

  @Override
  public List<Runnable> threads() {
    return List.of(this::die, this::meet, this::recover);
  }

  @Override
  public int mortal() {
    return MORTAL;
  }

  private Rendezvous rendezvous(int seat) {
    Region region = processes.region(seat);
    region.shape(Rendezvous.shape(PARTIES));
    return new Rendezvous(region);
  }

  private void die() {
    Rendezvous rendezvous = rendezvous(MORTAL);
    Explorer.writes(content);
    met += await(rendezvous) >= 0 ? 1 : 0;
  }

  private void meet() {
    Rendezvous rendezvous = rendezvous(OTHER);
    if (await(rendezvous) >= 0) {
      Explorer.reads(content);
      met++;
    } else if (rendezvous.brokenByDeathOf() != Processes.idOf(MORTAL)) {
      throw new AssertionError("broken, and nobody says by whom");
    }
  }

  private void recover() {
    Rendezvous rendezvous = rendezvous(PARENT);
    Explorer.awaitEnd(MORTAL);
    processes.recover(MORTAL, rendezvous.region(), Rendezvous.shape(PARTIES));
    met += await(rendezvous) >= 0 ? 1 : 0;
  }

  private static int await(Rendezvous rendezvous) {
    try {
      return rendezvous.await(Mutex.FOR_EVER);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** One alone has met nobody; but the dead may have met the other and not lived to say so. */
  @Override
  public void check() {
    if (met > PARTIES) {
      throw new AssertionError(met + " have met in a round of " + PARTIES);
    }
  }
}
