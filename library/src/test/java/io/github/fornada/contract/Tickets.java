package io.github.fornada.contract;

import io.github.fornada.ContextCarrier;

/** A text that a thread has in a thread-local, like a logging context or a trace. */
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

  /** Carries the text, and checks that no earlier item has left one in the thread. */
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
