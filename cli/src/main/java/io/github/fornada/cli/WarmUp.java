package io.github.fornada.cli;

import io.github.fornada.process.WorkerInitializer;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.BaseStream;
import org.jspecify.annotations.Nullable;

/**
 * What the command itself does for the first time with the first item, done before there is one: it
 * reads a call, loads a class of a task, converts an item, calls a function through its handle and
 * writes the result. All of that happens inside the task, and would count against the first item's
 * timeout, in each worker again. So it is done once with functions of the command's own, which have
 * the same kind of item and of result as the user's.
 *
 * <p>It runs none of the user's code and loads none of it: what that costs for the first time is
 * the first item's (docs/decisions/0029-the-first-item-pays-for-its-function.md).
 *
 * @param samples what is called
 * @param json whether results are written as JSON
 * @param containers whether results may contain others, which are written as JSON in any case
 */
record WarmUp(List<Sample> samples, boolean json, boolean containers) implements WorkerInitializer {
  /** The command's own function, and the text of its item. */
  record Sample(MethodCall call, String item) implements java.io.Serializable {}

  private static final String METHOD = "echo";

  /**
   * With less heap there is no warm-up: where it fills the heap, an item is to say so, and not a
   * worker that cannot start. Guess: with 2 MB the writer of JSON does not fit, with 4 MB it does.
   */
  private static final long LEAST_HEAP = 16L << 20;

  /** The text of an item, by the type that it becomes. */
  private static final Map<Class<?>, String> ITEMS =
      Map.of(
          Path.class, "a",
          File.class, "a",
          URI.class, "a:b",
          int.class, "1",
          long.class, "1",
          double.class, "0.5",
          Integer.class, "1",
          Long.class, "1",
          Double.class, "0.5");

  /** What results that contain others are. */
  private static final List<Class<?>> CONTAINERS =
      List.of(
          Record.class,
          Map.class,
          Map.Entry.class,
          Iterable.class,
          Iterator.class,
          Enumeration.class,
          BaseStream.class,
          Optional.class,
          AtomicReference.class,
          Object[].class);

  /** A result with a value of each usual kind. */
  private record Result(
      String text,
      int whole,
      long large,
      double fraction,
      boolean truth,
      List<Object> list,
      Map<String, Object> map,
      Optional<String> optional,
      Path path,
      Instant time,
      Object array,
      @Nullable Result inner) {
    static Result of(@Nullable Result inner) {
      return new Result(
          "",
          1,
          1,
          0.5,
          true,
          List.of(1, ""),
          Map.of("", 1),
          Optional.of(""),
          Path.of(""),
          Instant.EPOCH,
          new int[1],
          inner);
    }
  }

  /** Returns the warm-up for a call; the call is not made. */
  static WarmUp of(MethodCall call) {
    return new WarmUp(
        samples(call.parameterType()), call.json(), mayContainOthers(call.resultType()));
  }

  static List<Sample> samples(Class<?> parameter) {
    if (parameter.isAssignableFrom(String.class)) {
      return List.of(sample(String.class, ""));
    }
    String item = ITEMS.get(parameter);
    return item == null
        ? List.of(sample(StringBuilder.class, ""), sample(Duration.class, "PT1S"))
        : List.of(sample(parameter, item));
  }

  private static Sample sample(Class<?> parameter, String item) {
    // A code each, because a JVM keeps one method for each code.
    TaskCode code =
        TaskCode.of(Map.of(WarmUpSample.class.getName(), sampleClass()), null, List.of());
    return new Sample(
        new MethodCall(code, WarmUpSample.class.getName(), METHOD, parameter.getName(), false),
        item);
  }

  private static byte[] sampleClass() {
    String file = WarmUpSample.class.getSimpleName() + ".class";
    try (InputStream in = WarmUp.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(file + " is missing");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns whether a result of a function of this type may be one that contains others. */
  static boolean mayContainOthers(Class<?> type) {
    if (type.isArray() || (type.isInterface() && !type.getName().startsWith("java."))) {
      return true;
    }
    if (Path.class.isAssignableFrom(type)) {
      return false; // it is an Iterable, too, and written as a text
    }
    for (Class<?> container : CONTAINERS) {
      if (container.isAssignableFrom(type) || type.isAssignableFrom(container)) {
        return true;
      }
    }
    return false;
  }

  /** Does it. What fails here fails again with an item, and is told then. */
  @Override
  public void initialize() {
    if (Runtime.getRuntime().maxMemory() < LEAST_HEAP) {
      return;
    }
    Thread self = Thread.currentThread();
    ClassLoader context = self.getContextClassLoader();
    try {
      for (Sample sample : samples) {
        var _ = sample.call().apply(sample.item());
      }
      if (json) {
        for (Object result : List.of("", 1, 0.5)) {
          var _ = Rendering.jsonOf(result);
        }
      }
      if (containers) {
        var _ = Rendering.text(Result.of(Result.of(null)));
      }
    } catch (Exception | LinkageError | OutOfMemoryError | StackOverflowError e) {
      System.getLogger(WarmUp.class.getName())
          .log(System.Logger.Level.DEBUG, "the command could not warm up", e);
    } finally {
      self.setContextClassLoader(context);
    }
  }
}
