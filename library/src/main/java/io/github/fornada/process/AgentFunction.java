package io.github.fornada.process;

import io.github.fornada.TaskFunction;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.payload.Unserializable;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.worker.ParentClassLoader;
import java.io.IOException;
import java.io.NotSerializableException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Does in a thread of this JVM what a worker does with an item of a pool in another JVM: reads the
 * function and the item, and writes the result or what was thrown. Items, results and exceptions
 * are bytes to the rest of the agent.
 */
final class AgentFunction implements TaskFunction<@Nullable Object, @Nullable Object> {
  /** What an item is to this. */
  interface Item {
    byte[] payload();

    /** Returns why it must not run any more; null if it may. */
    @Nullable String cancelled();
  }

  private static final long serialVersionUID = 1L;

  private final byte[] payload;

  @SuppressWarnings("serial") // never serialized
  private final transient ClassLoader loader;

  /** Each thread has its own, as each worker has: what a function captures is not shared. */
  @SuppressWarnings("ThreadLocalUsage") // one for each function
  private final transient ThreadLocal<TaskFunction<@Nullable Object, @Nullable Object>> functions =
      new ThreadLocal<>();

  /**
   * @param payload the function, as the pool has sent it
   * @param loader the loader of what has no loader of its own in the pool's JVM
   */
  AgentFunction(byte[] payload, ClassLoader loader) {
    this.payload = payload;
    this.loader = loader;
  }

  @Override
  public Object apply(@Nullable Object handed) throws FarSide.Failure, IOException {
    Item item = (Item) Objects.requireNonNull(handed);
    ClassLoader home = loader;
    try {
      String cancelled = item.cancelled();
      if (cancelled != null) {
        throw new CancellationException(cancelled);
      }
      TaskFunction<@Nullable Object, @Nullable Object> function = function();
      ClassLoader own = function.getClass().getClassLoader();
      if (own instanceof ParentClassLoader) {
        home = own;
      }
      Thread.currentThread().setContextClassLoader(home); // the thread's owner restores it
      return written(function.apply(decode(item.payload())));
    } catch (Throwable e) { // whatever the user's code throws
      var out = new MessageOutput();
      Throwables.encode(e, out, home);
      throw FarSide.Failure.of(new MessageInput(out.array(), 0, out.size()));
    }
  }

  @SuppressWarnings("unchecked") // a pool sends functions as functions
  private TaskFunction<@Nullable Object, @Nullable Object> function()
      throws IOException, ClassNotFoundException {
    TaskFunction<@Nullable Object, @Nullable Object> known = functions.get();
    if (known == null) {
      known =
          (TaskFunction<@Nullable Object, @Nullable Object>)
              Objects.requireNonNull(decode(payload));
      functions.set(known);
    }
    return known;
  }

  private @Nullable Object decode(byte[] bytes) throws IOException, ClassNotFoundException {
    return Payloads.decode(new MessageInput(bytes, 0, bytes.length), loader);
  }

  private FarSide.Value written(@Nullable Object value) throws IOException, ClassNotFoundException {
    var out = new MessageOutput();
    try {
      Payloads.encode(value, out);
    } catch (NotSerializableException e) {
      throw Unserializable.explained(value, Unserializable.RESULT, e);
    }
    if (!Payloads.isPlain(value)) {
      // So that what its readObject or its constructor does happens here, and not to the pool.
      var _ = Payloads.decode(new MessageInput(out.array(), 0, out.size()), loader);
    }
    return new FarSide.Value(new MessageInput(out.array(), 0, out.size()));
  }
}
