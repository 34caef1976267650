package io.github.fornada.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The list of public signatures holds what users can name, and nothing else. */
final class PublicApiToolTest {
  private static final String MODULE = "module m { exports shown; exports given to java.logging; }";

  /** Everything that a signature can have, and counterparts that users do not see. */
  private static final String SHAPES =
      """
      package shown;

      import java.util.List;
      import java.util.concurrent.Callable;

      public sealed interface Shapes<T extends Number & Comparable<T>> permits Shapes.Seen, Unseen {
        int SIZE = 7;
        T abstractOne(List<? super T> in, T... more) throws java.io.IOException;
        default void withBody() {}
        static <E extends Exception> void thrower(Callable<?> of) throws E {}
        private void hidden() {}

        record Seen<T extends Number & Comparable<T>>(List<T> of, int[] n) implements Shapes<T> {
          public T abstractOne(List<? super T> in, T... more) { return null; }
        }

        enum Order { SECOND, FIRST { @Override public String toString() { return "1"; } } }
      }

      final class Unseen<T extends Number & Comparable<T>> implements Shapes<T> {
        public T abstractOne(List<? super T> in, T... more) { return null; }
      }

      abstract class Base<T> implements Callable<String> {
        public static final String NAME = "a \\"name\\"";
        protected T inherited;
        public final void fromBase() {}
        public abstract void overridden();
        protected void hook(T of) {}
        void packagePrivate() {}
      }
      """;

  private static final String OPEN =
      """
      package shown;

      public abstract class Open extends Base<Long> {
        protected static class Nested { public int n; private int m; }
        private static class Secret {}
        public class Inner { public Inner(String s) {} }
        protected Open() {}
        Open(int n) {}
        public void overridden() {}
        @Deprecated public synchronized String call() throws Exception { return ""; }
      }
      """;

  private static final String CLOSED =
      """
      package shown;

      public class Closed extends Base<Long> {
        private Closed() {}
        public final void overridden() {}
        public String call() { return ""; }
        protected void noUserCanReachThis() {}
      }
      """;

  private static List<String> listOf(Path folder, String... sources) throws IOException {
    Path out = folder.resolve("classes");
    var arguments = new ArrayList<String>(List.of("-d", out.toString(), "-Xlint:none", "-nowarn"));
    for (int i = 0; i < sources.length; i += 2) {
      Path file = folder.resolve(sources[i]);
      Files.createDirectories(file.getParent());
      Files.writeString(file, sources[i + 1]);
      arguments.add(file.toString());
    }
    ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
    var said = new StringWriter();
    var to = new PrintWriter(said, true);
    assertThat(javac.run(to, to, arguments.toArray(String[]::new))).as(() -> said + "").isZero();
    return PublicApi.of(out);
  }

  @Test
  void theListHoldsWhatUsersCanName(@TempDir Path folder) throws IOException {
    List<String> list =
        listOf(
            folder,
            "module-info.java",
            MODULE,
            "shown/Shapes.java",
            SHAPES,
            "shown/Open.java",
            OPEN,
            "shown/Closed.java",
            CLOSED,
            "given/Given.java",
            "package given; public class Given {}",
            "hidden/Hidden.java",
            "package hidden; public class Hidden {}");
    assertThat(String.join("\n", list))
        .isEqualTo(
            """
            module m
              exports shown

            shown.Closed
              public class Closed implements java.util.concurrent.Callable<String>
              public static final String NAME = "a \\"name\\""
              public String call()
              public final void fromBase()
              public final void overridden()

            shown.Open
              public abstract class Open implements java.util.concurrent.Callable<String>
              protected T inherited
              public static final String NAME = "a \\"name\\""
              protected Open()
              @Deprecated public String call() throws Exception
              public final void fromBase()
              protected void hook(T)
              public void overridden()

            shown.Open.Inner
              public class Inner
              public Inner(shown.Open, String)

            shown.Open.Nested
              protected static class Nested
              public int n
              protected Nested()

            shown.Shapes
              public sealed interface Shapes<T extends Number & Comparable<T>> permits \
            (a type that is not public), shown.Shapes.Seen
              public static final int SIZE = 7
              T abstractOne(java.util.List<? super T>, T...) throws java.io.IOException
              static <E extends Exception> void thrower(java.util.concurrent.Callable<?>) throws E
              default void withBody()

            shown.Shapes.Order
              public enum Order
              constants SECOND, FIRST
              public static shown.Shapes.Order valueOf(String)
              public static shown.Shapes.Order[] values()

            shown.Shapes.Seen
              public record Seen<T extends Number & Comparable<T>>(java.util.List<T> of, int[] n) \
            implements shown.Shapes<T>
              public Seen(java.util.List<T>, int[])
              public T abstractOne(java.util.List<? super T>, T...)
              public boolean equals(Object)
              public int hashCode()
              public int[] n()
              public java.util.List<T> of()
              public String toString()\
            """);
  }

  @Test
  void withoutAModuleEveryPackageIsListed(@TempDir Path folder) throws IOException {
    assertThat(listOf(folder, "plain/Plain.java", "package plain; public final class Plain {}"))
        .containsExactly("plain.Plain", "  public final class Plain", "  public Plain()");
  }

  @Test
  void aChangeIsShownUnderItsType(@TempDir Path folder) throws IOException {
    List<String> before =
        listOf(
            folder.resolve("a"),
            "p/A.java",
            "package p; public final class A { public void f(int n) {} public void same() {} }",
            "p/Gone.java",
            "package p; public interface Gone {}");
    List<String> now =
        listOf(
            folder.resolve("b"),
            "p/A.java",
            "package p; public final class A { public void f(long n) {} public void same() {} }");
    assertThat(PublicApi.difference(before, now))
        .isEqualTo(
            """
            p.A
              - public void f(int)
              + public void f(long)
            p.Gone
              - public interface Gone
            """);
    assertThat(PublicApi.difference(now, now)).isEmpty();
  }

  @Test
  void aListThatDiffersIsRefusedAndCanBeWrittenAnew(@TempDir Path folder) throws IOException {
    listOf(folder, "p/A.java", "package p; public final class A { public void f() {} }");
    Path classes = folder.resolve("classes");
    Path list = folder.resolve("api").resolve("list.txt");
    assertThat(PublicApi.check(classes, list, false)).contains("does not exist", "-Dapi.update");
    assertThat(PublicApi.check(classes, list, true)).isEmpty();
    assertThat(PublicApi.check(classes, list, false)).isEmpty();
    Files.writeString(list, Files.readString(list).replace("void f()", "int f()"));
    assertThat(PublicApi.check(classes, list, false))
        .contains("- public int f()", "+ public void f()", "-Dapi.update");
  }
}
