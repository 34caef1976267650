package io.github.fornada.contract;

import io.github.fornada.ContextCarrier;

/** What a thread has at hand: a text, as a logging context or a trace would be. */
final class Tickets {
  private static final ThreadLocal<String> CURRENT = new ThreadLocal<>();

  private Tickets() {}

  static String current() {
    return CURRENT.get();
  }

  static void hold(String ticket) {
    CURRENT.set(ticket);
  }

  static void drop() {
    CURRENT.remove();
  }

  static String currentFor(Object item) {
    return current() + " for " + item;
  }

  /** Carries it, and insists that nothing was left in the thread by an item before. */
  static class Carrier implements ContextCarrier<String> {
    @Override
    public String capture() {
      return current();
    }

    @Override
    public Scope restore(String captured) {
      String before = current();
      if (before != null) {
        throw new AssertionError("left by an item before: " + before);
      }
      hold(captured);
      return Tickets::drop;
    }
  }

  /** The same for items that run while another waits for them, in its thread. */
  static final class Nesting extends Carrier {
    @Override
    public Scope restore(String captured) {
      String before = current();
      hold(captured);
      return () -> hold(before);
    }
  }
}
