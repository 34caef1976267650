package io.github.fornada.process;

import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;

/** How an agent asks its {@link RemotePool}. Used by several threads at once. */
final class PoolContact {
  /** A way to the pool. */
  interface Way {
    byte[] ask(byte[] question) throws IOException, InterruptedException;
  }

  private final Way way;

  /** The agent's number, which every question has. */
  private final long id;

  private volatile boolean unreachable;

  PoolContact(Way way, long id) {
    this.way = way;
    this.id = id;
  }

  /** Returns the beginning of a question. */
  MessageOutput question(byte kind) {
    return new MessageOutput().putByte(kind).putLong(id);
  }

  byte[] ask(MessageOutput question) throws IOException, InterruptedException {
    return ask(question.toByteArray());
  }

  byte[] ask(byte[] question) throws IOException, InterruptedException {
    try {
      return way.ask(question);
    } catch (IOException e) {
      unreachable = true;
      throw e;
    }
  }

  /** Whether a question has found no way to the pool. */
  boolean isUnreachable() {
    return unreachable;
  }

  /** Returns an answer to be read. */
  MessageInput read(MessageOutput question) throws IOException, InterruptedException {
    byte[] answer = ask(question);
    return new MessageInput(answer, 0, answer.length);
  }
}
