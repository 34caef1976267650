package io.github.fornada.process;

import io.github.fornada.process.payload.Loaders;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.worker.ParentClassLoader;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Loads what the JVM of the pools has, for items that run in the JVM of their agents. All pools
 * with agents in this JVM must be in one JVM: then a class is the same for all of them, and any of
 * them can be asked for it.
 */
final class AgentClasses {
  /** Those that can be asked. */
  private static final List<FarSide> OPEN = new CopyOnWriteArrayList<>();

  /** Guarded by the class; made once, because it keeps the classes that it has loaded. */
  private static @Nullable ParentClassLoader loader;

  private AgentClasses() {}

  /** Returns the loader for the items of an agent, which must {@link #close} it. */
  static ClassLoader open(FarSide agent) {
    OPEN.addFirst(agent);
    synchronized (AgentClasses.class) {
      ParentClassLoader made = loader;
      if (made == null) {
        made = new ParentClassLoader(AgentClasses::ask, AgentClasses.class.getClassLoader());
        loader = made;
        Loaders.serve(made, made);
      }
      return made;
    }
  }

  static void close(FarSide agent) {
    OPEN.remove(agent);
  }

  private static MessageInput ask(boolean isClass, String name, long number, int which)
      throws IOException {
    var question = new ClassServer.Question(0, isClass, name, number, which);
    // An interrupt is meant for the item, which cannot see it while its classes load. A class that
    // could not be loaded once would be missing for all items to come.
    boolean interrupted = Thread.interrupted();
    try {
      IOException last = null;
      for (FarSide agent : OPEN) {
        do {
          try {
            byte[] answer = agent.answer(question);
            return new MessageInput(answer, 0, answer.length);
          } catch (IOException e) {
            interrupted |= Thread.interrupted() || e.getCause() instanceof InterruptedException;
            last = e;
          }
        } while (last.getCause() instanceof InterruptedException);
      }
      throw last == null ? new IOException("every pool that has it was closed") : last;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
