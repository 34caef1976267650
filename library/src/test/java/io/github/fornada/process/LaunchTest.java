package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Cells;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskFunction;
import io.github.fornada.process.launch.BootstrapJar;
import java.io.File;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.module.ModuleFinder;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** Workers find their classes however Java was started. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class LaunchTest {
  @TempDir Path temp;

  /** Prints the results of two tasks: one a lambda, one a record of the program. */
  private static final String PROGRAM =
      """
      package app;
      import io.github.fornada.process.ProcessPool;
      import java.nio.file.*;
      import java.util.*;
      public class Main {
        record Point(int x, int y) implements java.io.Serializable {}
        public static void main(String[] args) throws Exception {
          Path home = args.length > 0 ? Path.of(args[0]) : Path.of("").toAbsolutePath();
          try (var pool = ProcessPool.open(o ->
              o.withWorkers(1).withHeap("32m").withDirectory(home))) {
            System.out.println(pool.map(List.of(1, 2), x -> new Point(x, Other.twice(x))));
            System.out.println(pool.map(List.of("user.dir", "some.property"), System::getProperty));
            System.out.println(pool.map(List.of("opened"), x -> {
              try {
                Class.forName("sun.net.util.IPAddressUtil").getMethods();
                var field = String.class.getDeclaredField("value");
                field.setAccessible(true);
                return "opened";
              } catch (Exception e) {
                return "closed";
              }
            }));
          }
        }
      }
      """;

  private static final String OTHER =
      "package app; class Other { static int twice(int x) { return 2 * x; } }";

  private static final String RESULT = "[Point[x=1, y=2], Point[x=2, y=4]]";

  private Path classes(String folder) throws IOException {
    return Programs.compile(
        temp.resolve(folder), List.of("-cp", Programs.library().toString()), PROGRAM, OTHER);
  }

  @Test
  void fromALongClassPathWithSpacesAndAccentsAndRelativeEntriesAndInAnotherFolder()
      throws Exception {
    Path classes = classes("with spaces/and äccents");
    var path = new StringBuilder();
    for (int i = 0; path.length() < 200_000; i++) {
      path.append("nothing-is-in-this-place/").append(i).append(File.pathSeparator);
    }
    path.append(temp.relativize(classes)).append(File.pathSeparator).append(Programs.library());
    Path arguments = temp.resolve("arguments");
    Files.writeString(arguments, "-cp \"" + path + "\"");
    Path elsewhere = Files.createDirectories(temp.resolve("else where"));

    var ran =
        Programs.java(temp, Map.of(), List.of("@" + arguments, "app.Main", elsewhere.toString()));

    assertThat(ran.said()).contains(RESULT).contains("[" + elsewhere + ", null]");
    assertThat(ran.code()).isZero();
  }

  @Test
  void fromTheModulePathWithNothingExported() throws Exception {
    Path jar = Programs.libraryJar(temp);
    String library = ModuleFinder.of(jar).findAll().iterator().next().descriptor().name();
    Path classes =
        Programs.compile(
            temp.resolve("module"),
            List.of("--module-path", jar.toString()),
            "module app { requires " + library + "; }",
            PROGRAM,
            OTHER);
    // Another module on the path that cannot be resolved: the program does not need it.
    Path broken = Files.createDirectories(temp.resolve("broken"));
    Programs.compile(broken.resolve("missing"), List.of(), "module missing { }");
    Programs.compile(
        broken.resolve("classes"),
        List.of("--module-path", broken.resolve("missing").toString()),
        "module broken { requires missing; }");

    var ran =
        Programs.java(
            temp,
            Map.of(),
            List.of(
                "--module-path",
                "fornada.jar"
                    + File.pathSeparator
                    + classes
                    + File.pathSeparator
                    + "broken/classes",
                "-Dsome.property=of mine",
                "-m",
                "app/app.Main"));

    assertThat(ran.said()).contains(RESULT).contains(", of mine]");
    assertThat(ran.code()).isZero();
  }

  @Test
  void aRecordOfAModuleThatIsNotOpenIsToldHowToBeSent() throws Exception {
    Path jar = Programs.libraryJar(temp);
    String library = ModuleFinder.of(jar).findAll().iterator().next().descriptor().name();
    String program =
        """
        package app;
        import io.github.fornada.process.ProcessPool;
        import java.util.List;
        public class Main {
          record Point(int x) {}
          public static void main(String[] args) {
            try (var pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"))) {
              pool.outcomes(List.of(new Point(1)), p -> p.x()).forEach(System.out::println);
            }
          }
        }
        """;
    for (boolean isOpen : new boolean[] {false, true}) {
      String opens = isOpen ? " opens app to " + library + ";" : "";
      Path classes =
          Programs.compile(
              temp.resolve("point-" + isOpen),
              List.of("--module-path", jar.toString()),
              "module app { requires " + library + ";" + opens + " }",
              program);
      var ran =
          Programs.java(
              temp,
              Map.of(),
              List.of("--module-path", jar + File.pathSeparator + classes, "-m", "app/app.Main"));
      assertThat(ran.said())
          .contains(
              isOpen
                  ? "Done[value=1]"
                  : "write \"opens app to " + library + ";\" in the module-info of its module");
    }
  }

  @Test
  void aFilterOfSerializationIsNamedAsTheReason() throws Exception {
    String program =
        """
        package app;
        import io.github.fornada.process.ProcessPool;
        import java.util.List;
        public class Main {
          record Plain(int x) {}
          record Sent(int x) implements java.io.Serializable {}
          public static void main(String[] args) {
            try (var pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"))) {
              pool.outcomes(List.of(new Plain(1), new Sent(2)), x -> 3)
                  .forEach(System.out::println);
            }
          }
        }
        """;
    Path classes =
        Programs.compile(
            temp.resolve("filtered"), List.of("-cp", Programs.library().toString()), program);
    String path = classes + File.pathSeparator + Programs.library();

    var harmless =
        Programs.java(
            temp, Map.of(), List.of("-Djdk.serialFilter=!evil.*", "-cp", path, "app.Main"));
    assertThat(harmless.said())
        .contains("(app.Main$Plain) is not serializable. A record need not be, but a filter")
        .contains("Done[value=3]");

    var strict =
        Programs.java(
            temp, Map.of(), List.of("-Djdk.serialFilter=java.**;!*", "-cp", path, "app.Main"));
    assertThat(strict.said())
        .contains("(jdk.serialFilter) rejects an object of class ")
        .contains("Allow there the classes of tasks, items and results");
  }

  @Test
  void fromAnExecutableJarWithAManifest() throws Exception {
    Programs.libraryJar(Files.createDirectories(temp.resolve("lib")));
    Path manifest = temp.resolve("manifest");
    Files.writeString(
        manifest,
        """
        Main-Class: app.Main
        Class-Path: lib/fornada.jar
        Add-Opens: java.base/java.lang
        """);
    Path app = temp.resolve("app.jar");
    Programs.tool(
        "jar",
        "--create",
        "--file=" + app,
        "--manifest=" + manifest,
        "-C",
        classes("classes").toString(),
        ".");

    var ran = Programs.java(temp, Map.of(), List.of("-jar", "app.jar"));

    assertThat(ran.said()).contains(RESULT).contains("[opened]");
    assertThat(ran.code()).isZero();
  }

  @Test
  void fromOneFatJar() throws Exception {
    Path all = Files.createDirectories(temp.resolve("all"));
    Programs.compile(all, List.of("-cp", Programs.library().toString()), PROGRAM, OTHER);
    Path app = temp.resolve("fat app.jar");
    Programs.tool(
        "jar",
        "--create",
        "--file=" + app,
        "--main-class=app.Main",
        "-C",
        all.toString(),
        ".",
        "-C",
        Programs.library().toString(),
        "io");

    var ran = Programs.java(temp, Map.of(), List.of("-jar", app.toString()));

    assertThat(ran.said()).contains(RESULT).contains("[closed]");
    assertThat(ran.code()).isZero();
  }

  @Test
  void fromASingleSourceFileWithoutItsAgentsAndDebugger() throws Exception {
    Path source =
        Files.writeString(
            temp.resolve("Single.java"),
            PROGRAM.replace("package app;", "")
                + OTHER.replace("package app;", "")
                + """
                class Agent {
                  public static void premain(String arguments) {
                    System.err.println("AGENT in " + ProcessHandle.current().pid());
                  }
                }
                """);
    Path agent = temp.resolve("agent.jar");
    Path manifest = Files.writeString(temp.resolve("manifest"), "Premain-Class: Agent\n");
    Path compiled =
        Programs.compile(
            temp.resolve("agent"),
            List.of(),
            """
            public class Agent {
              public static void premain(String arguments) {
                System.err.println("AGENT here");
              }
            }
            """);
    Programs.tool(
        "jar",
        "--create",
        "--file=" + agent,
        "--manifest=" + manifest,
        "-C",
        compiled.toString(),
        ".");

    var ran =
        Programs.java(
            temp,
            Map.of(
                "JAVA_TOOL_OPTIONS",
                "-javaagent:" + agent + " -Dsome.property=from-a-variable",
                "JDK_JAVA_OPTIONS",
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0"),
            List.of("-cp", Programs.library().toString(), source.toString()));

    assertThat(ran.said()).contains(RESULT).contains(", from-a-variable]");
    assertThat(ran.said()).containsOnlyOnce("AGENT").containsOnlyOnce("Listening for transport");
    assertThat(ran.said()).containsOnlyOnce("Picked up JAVA_TOOL_OPTIONS");
    assertThat(ran.code()).isZero();
  }

  @ParameterizedTest
  @Cells(
      verify = {"JDK_JAVA_OPTIONS"},
      rest = {"_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"})
  void agentsOfAVariableStayHereAndItsPropertiesDoNot(String variable) throws Exception {
    Path classes = classes("classes");
    var ran =
        Programs.java(
            temp,
            Map.of(
                variable,
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0"
                    + " -Dsome.property=from-a-variable"),
            List.of("-cp", classes + File.pathSeparator + Programs.library(), "app.Main"));

    assertThat(ran.said()).contains(RESULT).contains(", from-a-variable]");
    assertThat(ran.said()).containsOnlyOnce("Listening for transport");
    assertThat(ran.said()).containsOnlyOnce(variable);
    assertThat(ran.code()).isZero();
  }

  /** As Spring Boot's, the loader of this program gives class files, from no place in a file. */
  private static final String NESTED =
      """
      import java.io.*;
      import java.util.*;
      import java.util.zip.*;
      public class Nested extends ClassLoader {
        private final Map<String, byte[]> files = new HashMap<>();
        Nested(String... jars) throws IOException {
          super(ClassLoader.getPlatformClassLoader());
          for (String jar : jars) {
            try (var in = new ZipInputStream(new FileInputStream(jar))) {
              for (ZipEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
                files.put(e.getName(), in.readAllBytes());
              }
            }
          }
        }
        @Override protected Class<?> findClass(String name) throws ClassNotFoundException {
          byte[] b = files.get(name.replace('.', '/') + ".class");
          if (b == null) throw new ClassNotFoundException(name);
          return defineClass(name, b, 0, b.length);
        }
        @Override public InputStream getResourceAsStream(String name) {
          byte[] b = files.get(name);
          return b == null ? super.getResourceAsStream(name) : new ByteArrayInputStream(b);
        }
        public static void main(String[] args) throws Exception {
          new Nested(args).loadClass("app.Main").getMethod("main", String[].class)
              .invoke(null, (Object) new String[0]);
        }
      }
      """;

  @Test
  void fromALoaderThatOnlyTheParentHas() throws Exception {
    Path jar = Programs.libraryJar(temp);
    Path app = temp.resolve("app.jar");
    Programs.tool("jar", "--create", "--file=" + app, "-C", classes("app").toString(), ".");
    Path loader = Programs.compile(temp.resolve("loader"), List.of(), NESTED);

    var ran =
        Programs.java(
            temp,
            Map.of(),
            List.of("-cp", loader.toString(), "Nested", app.toString(), jar.toString()));

    assertThat(ran.said()).contains(RESULT);
    assertThat(ran.code()).isZero();
  }

  @Test
  void theJarForWorkersHasAllClassesOfTheirPackages() throws Exception {
    var packed = new TreeSet<>(BootstrapJar.classes().keySet());
    assertThat(packed).contains("io/github/fornada/process/worker/WorkerMain.class");
    var expected = new TreeSet<String>();
    for (String entry : packed) {
      Path folder = Programs.library().resolve(entry).getParent();
      try (Stream<Path> files = Files.list(folder)) {
        files
            .filter(file -> file.toString().endsWith(".class"))
            .filter(file -> !file.endsWith("package-info.class"))
            // Those inside another are named by it.
            .filter(file -> !file.toString().contains("$"))
            .map(file -> Programs.library().relativize(file).toString().replace('\\', '/'))
            .forEach(expected::add);
      }
    }
    expected.remove("module-info.class");
    packed.removeIf(entry -> entry.endsWith("package-info.class"));
    // One that is missing can be reached from no root: Bootstrap.classes() needs one more.
    expected.removeAll(packed);
    assertThat(expected).as("classes of these packages that are missing").isEmpty();
  }

  // ---- classes defined at run time

  private static final String SHOUT =
      """
      package late;
      import java.util.*;
      public class Shout implements io.github.fornada.TaskFunction<String, String> {
        interface Greeting { String text(); }
        public static class Hello implements Greeting { public String text() { return "hello"; } }
        public static class Salve implements Greeting { public String text() { return "salve"; } }
        @Override public String apply(String what) throws Exception {
          return switch (what) {
            case "resource" ->
                new String(Shout.class.getResourceAsStream("words.txt").readAllBytes());
            case "absent" -> "" + Shout.class.getResource("absent.txt");
            case "services" -> {
              var all = new ArrayList<String>();
              for (Greeting g : ServiceLoader.load(Greeting.class)) all.add(g.text());
              yield "" + all;
            }
            case "all" -> {
              var all = new ArrayList<String>();
              for (var url : Collections.list(
                  Shout.class.getClassLoader().getResources("META-INF/note.txt"))) {
                all.add(new String(url.openStream().readAllBytes()));
              }
              yield "" + all;
            }
            case "origin" ->
                Shout.class.getProtectionDomain().getCodeSource().getLocation() + " "
                    + Shout.class.getPackage().getName();
            case "long" -> {
              try (var in = Shout.class.getResource("long.bin").openStream()) {
                yield in.readAllBytes().length + " bytes";
              } catch (java.io.IOException e) {
                yield e.getMessage();
              }
            }
            case "relative" -> new String(
                new java.net.URL(Shout.class.getResource("words.txt"), "m\\u00f6re words.txt")
                    .openStream().readAllBytes());
            default -> what.toUpperCase();
          };
        }
      }
      """;

  private Path shout(String folder) throws IOException {
    return Programs.compile(
        temp.resolve(folder), List.of("-cp", Programs.library().toString()), SHOUT);
  }

  @SuppressWarnings("unchecked")
  private static TaskFunction<String, String> instance(Class<?> type) throws Exception {
    return (TaskFunction<String, String>) type.getDeclaredConstructor().newInstance();
  }

  private static Pool onePool() {
    return ProcessPool.open(o -> o.withWorkers(1).withHeap("200m"));
  }

  @Test
  void resourcesAndServicesOfALoaderThatOnlyTheParentHas() throws Exception {
    Path one = shout("one");
    Files.writeString(one.resolve("late/words.txt"), "some words");
    Files.writeString(one.resolve("late/möre words.txt"), "more words");
    Files.createDirectories(one.resolve("META-INF/services"));
    Files.writeString(one.resolve("META-INF/services/late.Shout$Greeting"), "late.Shout$Hello\n");
    Files.writeString(one.resolve("META-INF/note.txt"), "note 1");
    try (var file = new java.io.RandomAccessFile(one.resolve("late/long.bin").toFile(), "rw")) {
      file.setLength(70 << 20);
    }
    Path two = Files.createDirectories(temp.resolve("two"));
    Files.createDirectories(two.resolve("META-INF/services"));
    Files.writeString(two.resolve("META-INF/services/late.Shout$Greeting"), "late.Shout$Salve\n");
    Files.writeString(two.resolve("META-INF/note.txt"), "note 2");
    URL[] urls = {one.toUri().toURL(), two.toUri().toURL()};
    try (var loader = new URLClassLoader(urls, getClass().getClassLoader());
        Pool pool = onePool()) {
      TaskFunction<String, String> shout = instance(loader.loadClass("late.Shout"));
      List<String> items =
          List.of("a", "resource", "absent", "services", "all", "origin", "relative", "long");
      assertThat(pool.map(items, shout))
          .containsExactly(
              "A",
              "some words",
              "null",
              "[hello, salve]",
              "[note 1, note 2]",
              "fornada://parent/ late",
              "more words",
              "late/long.bin (it is longer than the 63 MiB that are sent at most)");
    }
  }

  @Test
  void aLaterLoaderWithTheSameNamesIsAskedFirst() throws Exception {
    Path one = shout("one");
    Files.writeString(one.resolve("late/words.txt"), "words of one");
    Path two = shout("two");
    Files.writeString(two.resolve("late/words.txt"), "words of two");
    try (var first =
            new URLClassLoader(new URL[] {one.toUri().toURL()}, getClass().getClassLoader());
        var second =
            new URLClassLoader(new URL[] {two.toUri().toURL()}, getClass().getClassLoader());
        Pool pool = onePool()) {
      assertThat(pool.map(List.of("resource"), instance(first.loadClass("late.Shout"))))
          .containsExactly("words of one");
      assertThat(pool.map(List.of("resource"), instance(second.loadClass("late.Shout"))))
          .containsExactly("words of two");
    }
  }

  /** Opens a pool of its own, for a class that its worker has from its parent. */
  record Nesting(TaskFunction<String, String> inner) implements TaskFunction<String, String> {
    @Override
    public String apply(String item) throws InterruptedException {
      try (Pool pool = onePool()) {
        return String.join(",", pool.map(List.of(item, "resource"), inner));
      }
    }
  }

  @Test
  void aPoolWithinAWorkerFindsThemToo() throws Exception {
    Path one = shout("one");
    Files.writeString(one.resolve("late/words.txt"), "some words");
    Thread self = Thread.currentThread();
    ClassLoader before = self.getContextClassLoader();
    try (var loader = new URLClassLoader(new URL[] {one.toUri().toURL()}, before)) {
      self.setContextClassLoader(loader);
      try (Pool pool = onePool()) {
        var nesting = new Nesting(instance(loader.loadClass("late.Shout")));
        assertThat(pool.map(List.of("a"), nesting)).containsExactly("A,some words");
      } finally {
        self.setContextClassLoader(before);
      }
    }
  }

  @Test
  void aClassWithoutAClassFileTellsWhatToDo() throws Exception {
    Path compiled =
        Programs.compile(
            temp.resolve("defined"),
            List.of("-cp", Programs.library().toString()),
            """
            package io.github.fornada.process;
            public class Defined implements io.github.fornada.TaskFunction<String, String> {
              @Override public String apply(String what) { return what + "!"; }
            }
            """);
    byte[] file = Files.readAllBytes(compiled.resolve("io/github/fornada/process/Defined.class"));
    Class<?> type = MethodHandles.lookup().defineClass(file);
    try (Pool pool = onePool()) {
      assertThatThrownBy(() -> pool.map(List.of("a"), instance(type)))
          .rootCause()
          .hasMessageContaining("io.github.fornada.process.Defined")
          .hasMessageContaining("was defined at run time")
          .hasMessageContaining("withClassFiles");
    }
    try (Pool pool =
        ProcessPool.open(o ->
            o.withWorkers(1)
                .withHeap("32m")
                .withClassFiles(name -> name.equals(type.getName()) ? file : null))) {
      assertThat(pool.map(List.of("a"), instance(type))).containsExactly("a!");
    }
  }
}
