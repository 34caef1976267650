package io.github.fornada.shared.memory;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** The bell of a pool whose tasks all run in this process. */
final class LocalBell implements Bell {
  private final Set<Thread> sleepers = ConcurrentHashMap.newKeySet();

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
  public void add(Thread thread) {
    sleepers.add(thread);
  }

  @Override
  public void remove(Thread thread) {
    sleepers.remove(thread);
  }

  @Override
  public void ring(int seat) {
    sleepers.forEach(LockSupport::unpark);
  }
}
