package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.constant.ConstantDescs;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A class is identified by its name and its loader: workers run exactly the class that was sent.
 */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class LoaderTest {
  @TempDir Path folder;
  private Pool pool;

  @BeforeEach
  void open() {
    pool = Pools.open(1);
  }

  @AfterEach
  void close() throws InterruptedException {
    Pools.end(pool);
  }

  /** On the class path of parent and workers; plug-ins have another of the same name. */
  public static final class Version implements TaskFunction<Integer, Object> {
    @Override
    public Object apply(Integer item) {
      return "class path " + item;
    }
  }

  /** A loader that searches itself before its parent. */
  private static final class ChildFirst extends URLClassLoader {
    ChildFirst(Path classes) throws IOException {
      super(new URL[] {classes.toUri().toURL()}, LoaderTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      synchronized (getClassLoadingLock(name)) {
        Class<?> known = findLoadedClass(name);
        if (known == null && !name.startsWith("java.")) {
          try {
            known = findClass(name);
          } catch (ClassNotFoundException e) {
            known = null; // the parent's, then
          }
        }
        return known == null ? super.loadClass(name, resolve) : known;
      }
    }
  }

  private Path compile(String name, String... sources) throws Exception {
    Path classes = Files.createDirectory(folder.resolve(name));
    return Programs.compile(
        classes,
        List.of("-cp", System.getProperty("java.class.path") + ":" + Programs.library()),
        sources);
  }

  private static Object make(ClassLoader loader, String name, Object... arguments)
      throws Exception {
    return loader.loadClass(name).getConstructors()[0].newInstance(arguments);
  }

  @SuppressWarnings("unchecked")
  private static TaskFunction<Object, Object> function(Object made) {
    return (TaskFunction<Object, Object>) made;
  }

  private Path version(String text) throws Exception {
    return compile(
        "version-" + text,
"""
        package acme;
        import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
        public class Work implements TaskFunction<Object, Object> {
          public Object apply(Object item) { return "%s " + Helper.text(item); }
          public static class Helper {
            static String text(Object item) { return "helped %s " + item; }
          }
          public record Point(int x, Object more) {
            public String toString() { return "%s point " + x; }
          }
          public static TaskFunction<Object, Object> lambda() {
            return item -> "%s lambda " + item;
          }
          public static Runnable none() { return null; }
        }
"""
            .formatted(text, text, text, text));
  }

  @Test
  void aChildFirstLoadersVersionIsTheOneThatRuns() throws Exception {
    Path classes = compile("child", childVersion());
    try (var loader = new ChildFirst(classes)) {
      Object mine = make(loader, Version.class.getName());
      assertThat(mine).isNotInstanceOf(Version.class);
      assertThat(Pools.soon(pool.submit(1, new Version()))).isEqualTo("class path 1");
      assertThat(Pools.soon(pool.submit((Object) 1, function(mine)))).isEqualTo("plug-in 1");
      assertThat(Pools.soon(pool.submit(2, new Version()))).isEqualTo("class path 2");
      // And as an item, to a function that is the program's own.
      assertThat(Pools.soon(pool.submit(mine, item -> function(item).apply(3))))
          .isEqualTo("plug-in 3");
    }
  }

  private static String childVersion() {
    return """
    package io.github.fornada.process;
    public class LoaderTest {
      public static final class Version
          implements io.github.fornada.TaskFunction<Integer, Object> {
        public Object apply(Integer item) { return "plug-in " + item; }
      }
    }
    """;
  }

  @Test
  void twoVersionsOfOneNameWorkInOnePool() throws Exception {
    try (var one = new ChildFirst(version("one"));
        var two = new ChildFirst(version("two"))) {
      var first = function(make(one, "acme.Work"));
      var second = function(make(two, "acme.Work"));
      for (int i = 0; i < 3; i++) {
        assertThat(pool.map(List.of((Object) i), first)).containsExactly("one helped one " + i);
        assertThat(pool.map(List.of((Object) i), second)).containsExactly("two helped two " + i);
      }
      for (ClassLoader loader : List.of(one, two)) {
        String text = loader == one ? "one" : "two";
        var lambda = function(loader.loadClass("acme.Work").getMethod("lambda").invoke(null));
        assertThat(pool.map(List.of((Object) 1), lambda)).containsExactly(text + " lambda 1");
      }
      Object point = make(one, "acme.Work$Point", 1, make(two, "acme.Work$Point", 2, "x"));
      Object back = Pools.soon(pool.submit(point, item -> item));
      assertThat(back).isEqualTo(point); // in the classes of both
      assertThat(Pools.soon(pool.submit(List.of(point), item -> item.toString())))
          .isEqualTo("[one point 1]");
    }
  }

  @Test
  void aClassOfAPlugInsLoaderIsFoundWhereverItIs() throws Exception {
    try (var loader = new URLClassLoader(new URL[] {version("only").toUri().toURL()})) {
      Object point = make(loader, "acme.Work$Point", 1, "x");
      assertThat(Pools.soon(pool.submit(point, String::valueOf))).isEqualTo("only point 1");
      assertThat(Pools.soon(pool.submit(new ArrayList<>(List.of(point)), String::valueOf)))
          .isEqualTo("[only point 1]");
      assertThat(Pools.soon(pool.submit(1, x -> x + ": " + point))).isEqualTo("1: only point 1");
      assertThat(Pools.soon(pool.submit(point, x -> x))).isEqualTo(point);
    }
  }

  /** A loader that takes itself for every other one. */
  private static final class Equal extends URLClassLoader {
    Equal(Path classes) throws IOException {
      super(new URL[] {classes.toUri().toURL()}, LoaderTest.class.getClassLoader());
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Equal;
    }

    @Override
    public int hashCode() {
      return 1;
    }
  }

  @Test
  void loadersAreToldApartWhateverTheirEqualsSays() throws Exception {
    try (var one = new Equal(version("one"));
        var two = new Equal(version("two"))) {
      for (int i = 0; i < 2; i++) {
        for (String text : List.of("one", "two")) {
          ClassLoader loader = text.equals("one") ? one : two;
          Object point = make(loader, "acme.Work$Point", i, "x");
          assertThat(Pools.soon(pool.submit(point, String::valueOf)))
              .isEqualTo(text + " point " + i);
          assertThat(Pools.soon(pool.submit(point, x -> x))).isEqualTo(point);
        }
      }
    }
  }

  private WeakReference<ClassLoader> aLoaderThatWasUsed() throws Exception {
    try (var loader = new ChildFirst(version("gone"))) {
      Object point = make(loader, "acme.Work$Point", 1, "x");
      Object back = Pools.soon(pool.submit(point, x -> x));
      // Not by the record's equals: the JDK remembers its class softly then.
      assertThat(back.getClass().getClassLoader() == loader).isTrue();
      assertThat(pool.map(List.of((Object) 1), function(make(loader, "acme.Work"))))
          .containsExactly("gone helped gone 1");
      return new WeakReference<>(loader);
    }
  }

  @Test
  void aLoaderWhoseClassesWereSentCanBeCollected() throws Exception {
    WeakReference<ClassLoader> used = aLoaderThatWasUsed();
    Pools.end(pool);
    pool = Pools.open(1); // a pool keeps the functions that its workers know
    Waiting.untilCollected("the collector has it", Leftovers.SOON, () -> used.refersTo(null));
  }

  // ---- agents

  /** As an agent in the parent does it: the class has one field more than its class file. */
  private static final class Instrumented extends ClassLoader {
    Instrumented() {
      super(LoaderTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.equals(Account.class.getName())) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> known = findLoadedClass(name);
        if (known != null) {
          return known;
        }
        try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
          byte[] bytes =
              ClassFile.of()
                  .transformClass(
                      ClassFile.of().parse(in.readAllBytes()),
                      (builder, element) -> {
                        builder.with(element);
                        if (element instanceof java.lang.classfile.MethodModel m
                            && m.methodName().equalsString("<init>")) {
                          builder.withField(
                              "added",
                              ConstantDescs.CD_int,
                              java.lang.classfile.ClassFile.ACC_PUBLIC);
                        }
                      });
          return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  /** Without a serialVersionUID of its own, so that a field more changes it. */
  public static class Account implements Serializable {
    public int balance = 7;

    @Override
    public String toString() {
      return "balance " + balance;
    }
  }

  @Test
  void aFieldThatAnAgentHasAddedInTheParentHindersNothing() throws Exception {
    var loader = new Instrumented();
    Object account = make(loader, Account.class.getName());
    assertThat(account.getClass().getFields()).hasSize(2);
    assertThat(Pools.soon(pool.submit(account, String::valueOf))).isEqualTo("balance 7");
    Object back = Pools.soon(pool.submit(account, x -> x));
    assertThat(back).hasSameClassAs(account).hasToString("balance 7");
  }
}
