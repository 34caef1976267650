package io.github.fornada.slf4j;

import io.github.fornada.ContextCarrier;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Carries SLF4J's mapped diagnostic context to the tasks of a call: what a task logs has the
 * entries of the thread that made the call, in worker JVMs too.
 *
 * {@snippet :
 * MDC.put("request", id);
 * try (var pool = ProcessPool.open(o -> o.withCarrier(MdcCarrier.all()))) {
 *   pool.map(photos, Thumbnail::shrink);
 * }
 * }
 *
 * <p>A worker JVM logs with the class path and the system properties of its parent, and so with the
 * same logging library and configuration. What it prints goes to the parent's listeners and
 * standard output. A file should not be written by several JVMs at once.
 *
 * <p>A process pool sends the function of a call to a worker again whenever the carried entries
 * differ. Where the MDC has an entry that is new for each task and that no task logs, carry the
 * others only: {@link #keys}.
 *
 * <p>Immutable; may be used by several threads at once.
 */
public final class MdcCarrier implements ContextCarrier<Map<String, @Nullable String>> {
  private static final long serialVersionUID = 1;

  private static final MdcCarrier ALL = new MdcCarrier(null);

  /** The keys to carry; null for all. */
  private final @Nullable ArrayList<String> keys;

  private MdcCarrier(@Nullable List<String> keys) {
    this.keys = keys == null ? null : new ArrayList<>(keys);
  }

  /**
   * Returns a carrier of the whole context. A task has the entries of its caller and no others; an
   * empty context arrives as an empty one.
   */
  public static MdcCarrier all() {
    return ALL;
  }

  /**
   * Returns a carrier of the entries with {@code keys}. A task has those of its caller; a key that
   * the caller has no entry for has none in the task. Other entries of the thread that runs the
   * task stay as they are.
   *
   * @throws IllegalArgumentException if there is no key
   */
  public static MdcCarrier keys(String... keys) {
    if (keys.length == 0) {
      throw new IllegalArgumentException("keys must not be empty: name at least one, or use all()");
    }
    return new MdcCarrier(List.of(keys));
  }

  @Override
  public Map<String, @Nullable String> capture() {
    Map<String, @Nullable String> captured = new HashMap<>();
    if (keys == null) {
      Map<String, String> all = MDC.getCopyOfContextMap();
      if (all != null) {
        captured.putAll(all);
      }
    } else {
      for (String key : keys) {
        captured.put(key, MDC.get(key));
      }
    }
    return captured;
  }

  @Override
  public Scope restore(Map<String, @Nullable String> captured) {
    Map<String, @Nullable String> before = capture();
    set(captured);
    return () -> set(before);
  }

  private void set(Map<String, @Nullable String> context) {
    if (keys == null) {
      MDC.clear();
    }
    context.forEach((key, value) -> {
      if (value == null) {
        MDC.remove(key);
      } else {
        MDC.put(key, value);
      }
    });
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof MdcCarrier that && Objects.equals(keys, that.keys);
  }

  @Override
  public int hashCode() {
    return Objects.hashCode(keys);
  }

  @Override
  public String toString() {
    return "MdcCarrier[" + (keys == null ? "all" : "keys=" + keys) + "]";
  }
}
