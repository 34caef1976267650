package io.github.fornada.jvm;

/**
 * The thread group of the library's own threads. It is not below the groups of user code: a task
 * that interrupts its thread group must not interrupt a timer, or a thread that reads from a
 * channel, which the interrupt would close.
 */
final class OwnGroup {
  private static final ThreadGroup GROUP = new ThreadGroup(root(), "fornada");

  private OwnGroup() {}

  static ThreadGroup get() {
    return GROUP;
  }

  private static ThreadGroup root() {
    ThreadGroup group = Thread.currentThread().getThreadGroup();
    for (ThreadGroup above = group.getParent(); above != null; above = group.getParent()) {
      group = above;
    }
    return group;
  }
}
