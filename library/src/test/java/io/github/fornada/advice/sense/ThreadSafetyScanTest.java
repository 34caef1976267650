package io.github.fornada.advice.sense;

import static org.assertj.core.api.Assertions.assertThat;

import com.acme.Clean;
import com.acme.Mistakes;
import io.github.fornada.Task;
import io.github.fornada.TaskFunction;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which functions are found to be wrong on several threads at once, and which are not. */
final class ThreadSafetyScanTest {
  /** No test here is about time, and the first scan of a JVM loads classes. */
  private static final Duration AMPLE = Duration.ofSeconds(30);

  private static @Nullable String doubt(TaskFunction<?, ?> function) {
    return ThreadSafetyScan.of(function, name -> null, AMPLE);
  }

  @Test
  void aStaticFormatIsNamedWithItsType() {
    assertThat(doubt((TaskFunction<String, Object>) Mistakes::parse))
        .isEqualTo(
            "com.acme.Mistakes.FORMAT is a static java.text.SimpleDateFormat, which is not"
                + " thread-safe (used by com.acme.Mistakes.parse)");
    assertThat(doubt(Mistakes.lambda())).contains("com.acme.Mistakes.FORMAT");
  }

  @Test
  void aStaticCounterIsFoundWhereverItIsChanged() {
    String expected =
        "com.acme.Mistakes.n is a static int that com.acme.Mistakes.count writes without a lock";
    assertThat(doubt((TaskFunction<String, Integer>) Mistakes::count)).isEqualTo(expected);
    assertThat(doubt((TaskFunction<String, Integer>) Mistakes::countBelow)).isEqualTo(expected);
    assertThat(doubt((TaskFunction<String, Integer>) Mistakes::countInLambda)).isEqualTo(expected);
  }

  @Test
  void aStaticMapThatIsChangedIsFound() {
    assertThat(doubt((TaskFunction<String, Integer>) Mistakes::cached))
        .contains("com.acme.Mistakes.LENGTHS is a static java.util.HashMap");
  }

  @Test
  void countsInAStaticArrayAreFound() {
    assertThat(doubt((TaskFunction<String, Integer>) Mistakes::histogram))
        .contains("com.acme.Mistakes.COUNTS, a static field, is an array whose elements");
  }

  @Test
  void theOnlyObjectOfAClassIsShared() {
    assertThat(doubt((TaskFunction<String, Integer>) Mistakes::registered))
        .contains("com.acme.Mistakes$Registry.size is an int that")
        .contains("com.acme.Mistakes.REGISTRY, a static field");
  }

  @Test
  void whatTheFunctionCapturesIsShared() {
    assertThat(doubt(Mistakes.withParser()))
        .contains("com.acme.Mistakes$Parser.parsed is an int that")
        .contains("captured by the function");
    assertThat(doubt(Mistakes.withParserByReference())).contains("java.util.ArrayList");
    assertThat(doubt(Mistakes.withFormat())).contains("java.text.SimpleDateFormat");
    assertThat(doubt(Mistakes.withList())).contains("java.util.ArrayList");
    assertThat(doubt(Mistakes.withArray())).contains("an array whose elements");
    assertThat(doubt(Mistakes.withMarked())).contains("annotated as NotThreadSafe");
    assertThat(doubt(new Mistakes.Stateful())).contains("com.acme.Mistakes$Stateful.last");
  }

  @Test
  void tasksWithoutAnItemAreExaminedToo() {
    Task<Integer> task = () -> 1;
    assertThat(ThreadSafetyScan.ofTask(task)).isNull();
    assertThat(ThreadSafetyScan.ofTask(new Mistakes.CountingTask()))
        .contains("com.acme.Mistakes$CountingTask.calls is an int that");
    Runnable unknown = () -> {};
    assertThat(ThreadSafetyScan.ofTask(unknown)).isNull();
  }

  @Test
  void codeThatIsRightIsNotDoubted() {
    assertThat(doubt((TaskFunction<String, Object>) Clean::cloned)).isNull();
    assertThat(doubt((TaskFunction<String, Object>) Clean::locked)).isNull();
    assertThat(doubt((TaskFunction<String, Object>) Clean::ofThread)).isNull();
    assertThat(doubt((TaskFunction<String, Object>) Clean::cached)).isNull();
    assertThat(doubt((TaskFunction<String, Object>) Clean::counted)).isNull();
    assertThat(doubt((TaskFunction<String, Object>) Clean::lazy)).isNull();
    assertThat(doubt((TaskFunction<String, Object>) Clean::own)).isNull();
    assertThat(doubt(Clean.withSettings())).isNull();
    assertThat(doubt((TaskFunction<String, Integer>) String::length)).isNull();
  }

  @Test
  void theExamplesAreNotDoubted(@TempDir Path folder) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "javac").toString());
    command.addAll(List.of("-nowarn", "-proc:none", "-d", folder.toString()));
    String library =
        Path.of(TaskFunction.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString();
    command.addAll(List.of("-cp", library));
    List<String> names = new ArrayList<>();
    try (Stream<Path> all = Files.list(Path.of("..", "examples"))) {
      all.filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !file.endsWith("Svm.java")) // it needs a library
          .forEach(file -> {
            command.add(file.toString());
            names.add(file.getFileName().toString().replace(".java", ""));
          });
    }
    assertThat(names).contains("Primes", "WordCount", "Fetch", "Bolo", "Thumbnail");
    Process compiler = new ProcessBuilder(command).inheritIO().start();
    assertThat(compiler.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(compiler.exitValue()).isZero();
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      for (String name : names) {
        Class<?> type = Class.forName(name, false, loader);
        for (Method method : type.getDeclaredMethods()) {
          if (Modifier.isStatic(method.getModifiers()) && method.getParameterCount() == 1) {
            assertThat(ThreadSafetyScan.ofMethod(type, method.getName(), _ -> null))
                .as(name + "." + method.getName())
                .isNull();
          }
        }
      }
    }
  }

  @Test
  void aClassThatExistsInMemoryOnlyIsReadFromWhatIsGiven() throws IOException {
    String name = Mistakes.class.getName();
    byte[] bytes;
    try (var in = Mistakes.class.getResourceAsStream("Mistakes.class")) {
      bytes = in == null ? new byte[0] : in.readAllBytes();
    }
    var loader =
        new ClassLoader(ClassLoader.getPlatformClassLoader()) {
          Class<?> define() {
            return defineClass(name, bytes, 0, bytes.length);
          }
        };
    Class<?> type = loader.define();
    assertThat(ThreadSafetyScan.ofMethod(type, "count", asked -> asked.equals(name) ? bytes : null))
        .contains("com.acme.Mistakes.n");
  }

  @Test
  void aScanThatIsCutOffIsADoubt() {
    long began = System.nanoTime();
    assertThat(
            ThreadSafetyScan.of(
                (TaskFunction<String, Integer>) Mistakes::count, name -> null, Duration.ZERO))
        .contains("could not be examined in time");
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
  }
}
