package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** An agent that asks and reports exactly what a test says, and runs nothing. */
final class HandMadeAgent {
  private static final long ANSWER_SECONDS = 60;

  final String name;
  private final RemotePool pool;
  private final long id;

  HandMadeAgent(RemotePool pool, String name, long id) {
    this.pool = pool;
    this.name = name;
    this.id = id;
    byte[] answer =
        ask(
            question(RemoteWire.HELLO)
                .putInt(RemoteWire.VERSION)
                .putString(name)
                .putLong(id)
                .putString(Runtime.version().toString()));
    assertThat(answer[0]).isEqualTo(RemoteWire.OK);
  }

  MessageOutput question(byte kind) {
    return new MessageOutput().putByte(kind).putLong(id);
  }

  byte[] ask(MessageOutput question) {
    var answer = new CompletableFuture<byte[]>();
    pool.serve(question.toByteArray(), answer::complete);
    return got(answer);
  }

  static byte[] got(CompletableFuture<byte[]> answer) {
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /** Asks for items, so that it has {@code wanted} altogether; the answer may come later. */
  CompletableFuture<byte[]> poll(int wanted) {
    var answer = new CompletableFuture<byte[]>();
    pool.serve(pollOf(wanted), answer::complete);
    return answer;
  }

  /** Returns the question of {@link #poll}. */
  byte[] pollOf(int wanted) {
    return levels(question(RemoteWire.POLL), wanted).toByteArray();
  }

  private static MessageOutput levels(MessageOutput out, int wanted) {
    return out.putInt(wanted).putInt(wanted).putInt(0);
  }

  void report(Consumer<MessageOutput> entries) {
    MessageOutput report = levels(question(RemoteWire.REPORT), 1);
    entries.accept(report);
    assertThat(ask(report)[0]).isEqualTo(RemoteWire.OK);
  }

  /** What a report says of an item that is done, or has failed, up to its payload. */
  static MessageOutput end(byte kind, long number, MessageOutput report) {
    return report.putByte(kind).putLong(number).putString("worker-1").putByte(0);
  }

  /** Returns the numbers of the items in an answer, each of whose functions it has told before. */
  static List<Long> items(byte[] answer) {
    var in = new MessageInput(answer, 0, answer.length);
    var items = new ArrayList<Long>();
    try {
      assertThat(in.getByte()).isEqualTo(RemoteWire.OK);
      while (in.remaining() > 0) {
        switch (in.getByte()) {
          case RemoteWire.FUNCTION -> {
            int _ = in.getInt();
            byte[] _ = in.getBytes();
          }
          case RemoteWire.ITEM -> {
            items.add(in.getLong());
            int _ = in.getInt();
            byte[] _ = in.getBytes();
          }
          case RemoteWire.SHARE -> {
            String _ = in.getString();
            long _ = in.getLong();
          }
          default -> throw new AssertionError("another entry than items");
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return items;
  }
}
