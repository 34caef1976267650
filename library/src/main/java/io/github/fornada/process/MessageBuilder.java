package io.github.fornada.process;

import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.RingWriter;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Builds a message to a worker, and the file that belongs to it if the payload is long. */
final class MessageBuilder {
  private final Engine engine;
  private final UserCodeGuard encodingGuard;
  private final String filePrefix;
  private final MessageOutput body = new MessageOutput();
  private long files;

  /** The file of the payload made last; null if it is in its message. */
  private @Nullable String file;

  MessageBuilder(Engine engine, int index, UserCodeGuard encodingGuard) {
    this.engine = engine;
    this.encodingGuard = encodingGuard;
    this.filePrefix = "argument-" + index + "-";
  }

  /** Replaces a builder whose thread does not return and may go on writing to its body. */
  MessageBuilder(MessageBuilder stuck, UserCodeGuard encodingGuard) {
    this.engine = stuck.engine;
    this.encodingGuard = encodingGuard;
    this.filePrefix = stuck.filePrefix;
    this.files = stuck.files;
  }

  MessageOutput body() {
    return body;
  }

  @Nullable String file() {
    return file;
  }

  /** Appends a payload, or the name of the file with it. Returns the payload's size. */
  int put(@Nullable Object value, @Nullable CodecSessions by) throws IOException {
    file = null;
    int from = body.size();
    body.putByte(MessageTypes.IN_MESSAGE);
    encodingGuard.write(value, body, by);
    int size = body.size() - from - 1;
    if (body.size() > RingWriter.LONGEST) {
      String name = filePrefix + files++;
      PayloadFiles.write(engine.directory().resolve(name), body.array(), from + 1, size);
      file = name;
      body.truncate(from);
      body.putByte(MessageTypes.IN_FILE).putInt(size).putString(name);
    }
    return size;
  }

  /**
   * Appends a payload that was encoded before, or the name of the file with it. Returns its size.
   */
  int put(byte[] payload) throws IOException {
    file = null;
    if (body.size() + 1 + payload.length > RingWriter.LONGEST) {
      String name = filePrefix + files++;
      PayloadFiles.write(engine.directory().resolve(name), payload, 0, payload.length);
      file = name;
      body.putByte(MessageTypes.IN_FILE).putInt(payload.length).putString(name);
    } else {
      body.putByte(MessageTypes.IN_MESSAGE);
      Payloads.append(payload, body);
    }
    return payload.length;
  }

  /**
   * Appends the name of the file with a large array that was handed over. Returns the array's size.
   */
  int put(HandedItem.ArrayFile array) {
    file = null; // the array's file stays until its item has ended
    Payloads.putArrayFile(array.tag(), array.size(), array.name(), body);
    return (int) Math.min(Integer.MAX_VALUE, array.size());
  }

  /** Called if the message was not sent: deletes its file. */
  void discard() {
    engine.discard(file);
  }
}
