package io.github.fornada.shared.memory;

/** The bell of a pool whose tasks all run in this process. */
final class LocalBell implements Bell {
  private final Sleepers sleepers = new Sleepers();

  @Override
  public long id() {
    return 1;
  }

  @Override
  public int seat() {
    return 0;
  }

  @Override
  public long idOf(int seat) {
    return seat == 0 ? 1 : 0;
  }

  @Override
  public Sleeper add(long key) {
    var self = new Sleeper(key, false);
    sleepers.add(self);
    return self;
  }

  @Override
  public void remove(Sleeper sleeper) {
    sleepers.remove(sleeper);
  }

  @Override
  public void ring(int seat, long key) {
    sleepers.ring(key);
  }
}
