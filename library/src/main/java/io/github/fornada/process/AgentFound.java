package io.github.fornada.process;

import io.github.fornada.process.wire.MessageTypes;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Asks an agent's pool for classes and resources, and keeps those that it has for the next workers.
 */
final class AgentFound implements ClassServer.Elsewhere {
  /** How many bytes of classes and resources are kept. */
  private static final long FOUND_BYTES = 64 << 20; // Guess

  private record Asked(boolean isClass, String name, long loader, int which) {}

  private final PoolContact pool;
  private final Map<Asked, byte[]> found = new ConcurrentHashMap<>();
  private final AtomicLong foundBytes = new AtomicLong();

  AgentFound(PoolContact pool) {
    this.pool = pool;
  }

  @Override
  public byte[] answer(ClassServer.Question question) throws IOException {
    var key = new Asked(question.isClass(), question.name(), question.loader(), question.which());
    byte[] known = found.get(key);
    if (known != null) {
      return known;
    }
    try {
      byte[] answer =
          pool.ask(
              pool.question(RemoteWire.FIND)
                  .putByte(question.isClass() ? 1 : 0)
                  .putString(question.name())
                  .putLong(question.loader())
                  .putInt(question.which()));
      // Of what was not found the pool may know more later.
      if (answer.length > 0
          && answer[0] == MessageTypes.FOUND
          && foundBytes.addAndGet(answer.length) < FOUND_BYTES) {
        found.put(key, answer);
      }
      return answer;
    } catch (InterruptedException e) {
      throw new IOException("the thread was interrupted", e);
    }
  }
}
