package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Class files in unusual places and of unusual versions, and what guarding them against exits
 * leaves unchanged.
 */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class ClassFilesTest {
  private static final String TASK =
      """
      package acme;
      public class App {
        public static String where(String s) {
          if (s.equals("exit")) System.exit(4);
          Package p = App.class.getPackage();
          return App.class.getProtectionDomain().getCodeSource().getLocation() + " " + p.getName()
              + " " + p.getImplementationVersion() + " " + p.isSealed();
        }
        public static String dep(String s) { return Dep.same(s); }
      }
      class Dep { static String same(String s) { return s; } }
      """;

  @RegisterExtension final ServedFolder served = new ServedFolder();

  private Path folder;
  private Path odd;
  private Map<String, byte[]> classes;

  @BeforeEach
  void compile() throws IOException {
    folder = served.path();
    odd = Files.createDirectories(folder.resolve("a #1 %41 it's!"));
    Path source = odd.resolve("App.java");
    Files.writeString(source, TASK);
    classes = SourceCompiler.compile(source, java.util.List.of()).classes();
  }

  /** A {@code !/} would end the part of the jar in the address of a class in it. */
  private static String address(Path path) throws IOException {
    return path.toUri().toURL().toString().replace("!/", "%21/");
  }

  private Path classFolder(String name) throws IOException {
    Path place = Files.createDirectories(odd.resolve(name).resolve("acme"));
    for (var each : classes.entrySet()) {
      Files.write(
          place.resolve(each.getKey().substring("acme.".length()) + ".class"), each.getValue());
    }
    return place;
  }

  @Test
  void aPathMayHoldAnyLetter() {
    var result = Command.run(folder, "run", odd.resolve("App.java") + "#dep", "x");
    assertThat(result.err()).contains("1 done");
    assertThat(result.out()).isEqualTo("x\n");
    var unnamed = Command.run(folder, "run", odd.resolve("App.java").toString(), "x");
    assertThat(unnamed.err()).contains("several functions could be meant");
  }

  @Test
  void aClassWithinAClassIsNamedAsSourceCodeNamesItOrAsItsFile() throws IOException {
    Path source = Files.createDirectories(folder.resolve("in")).resolve("App.java");
    Files.writeString(
        source,
        """
        package acme;
        public class App {
          public static class In {
            public static class Most { public static String same(String s) { return s; } }
          }
        }
        """);
    classes = SourceCompiler.compile(source, java.util.List.of()).classes();
    String path = classFolder("nested").getParent().toString();
    for (String name : java.util.List.of("acme.App.In.Most", "acme.App$In$Most")) {
      assertThat(Command.run(folder, "run", name, "-cp", path, "x").out()).isEqualTo("x\n");
    }
    assertThat(Command.run(folder, "run", "acme.App.Out", "-cp", path, "x").err())
        .contains("no class acme.App.Out in the class path")
        .doesNotContain("/*");
  }

  @Test
  void aFolderThatHasOnlyJarsIsToldHowTheyAreNamed() throws IOException {
    Path lib = Files.createDirectories(folder.resolve("my lib"));
    Files.createFile(lib.resolve("app.jar"));
    assertThat(Command.run(folder, "run", "acme.App", "-cp", "my lib", "x").err())
        .contains("no class acme.App in the class path")
        .contains("my lib has jars, and a folder stands for class files: -cp '")
        .contains("my lib/*'");
  }

  @Test
  void theValueOfOfAnEnumIsNotTakenForTheTask() throws IOException {
    Path source = folder.resolve("Planet.java");
    Files.writeString(
        source,
        """
        public enum Planet {
          EARTH;
          public static int length(String name) { return name.length(); }
        }
        """);
    assertThat(Command.run(folder, "run", source.toString(), "EARTH").out()).isEqualTo("5\n");
    assertThat(Command.run(folder, "run", source + "#valueOf", "EARTH").out())
        .as("asked for by its name")
        .isEqualTo("EARTH\n");
  }

  @Test
  void aGuardedClassKeepsItsSourceAndItsPackage() throws IOException {
    var manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, "7");
    manifest.getMainAttributes().put(Attributes.Name.SEALED, "true");
    Path jar = odd.resolve("app.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        var out = new JarOutputStream(file, manifest)) {
      for (var each : classes.entrySet()) {
        out.putNextEntry(new JarEntry(each.getKey().replace('.', '/') + ".class"));
        out.write(each.getValue());
      }
    }
    var fromJar = Command.run(folder, "run", "acme.App#where", "-cp", jar.toString(), "x", "exit");
    assertThat(fromJar.out()).isEqualTo(address(jar) + " acme 7 true\n");
    assertThat(fromJar.err()).contains("the task called System.exit(4)");
    Path place = classFolder("classes").getParent();
    var fromFolder = Command.run(folder, "run", "acme.App#where", "-cp", place.toString(), "x");
    assertThat(fromFolder.out()).isEqualTo(address(place) + " acme null false\n");
    Path source = odd.resolve("App.java");
    var fromSource = Command.run(folder, "run", source + "#where", "x");
    assertThat(fromSource.out()).isEqualTo(address(source) + " acme null false\n");
  }

  @Test
  void aClassOfALaterJavaIsNamedWithItsFile() throws IOException {
    Path app = classFolder("later").resolve("App.class");
    byte[] bytes = Files.readAllBytes(app);
    bytes[7] = (byte) (bytes[7] + 2);
    Files.write(app, bytes);
    var result =
        Command.run(folder, "run", "acme.App#where", "-cp", odd.resolve("later").toString(), "x");
    assertThat(result.exitCode()).isEqualTo(2);
    int later = Runtime.version().feature() + 2;
    assertThat(result.err())
        .contains("class acme.App in " + app + " was compiled for Java " + later)
        .doesNotContain("\tat ", "    at ")
        .hasLineCount(1);
  }

  @Test
  void aBrokenClassIsNamedWithItsFile() throws IOException {
    Path app = classFolder("broken").resolve("App.class");
    byte[] whole = Files.readAllBytes(app);
    for (byte[] bytes :
        new byte[][] {
          {},
          "hello".getBytes(StandardCharsets.UTF_8),
          Arrays.copyOf(whole, 300),
          classes.get("acme.Dep")
        }) {
      Files.write(app, bytes);
      var result =
          Command.run(
              folder, "run", "acme.App#where", "-cp", odd.resolve("broken").toString(), "x");
      assertThat(result.exitCode()).isEqualTo(2);
      assertThat(result.err()).contains("class acme.App in " + app, "broken").hasLineCount(1);
    }
  }

  @Test
  void aClassThatIsLoadedLaterFailsItsItemWithTheSameWords() throws IOException {
    Path dep = classFolder("part").resolve("Dep.class");
    Files.write(dep, new byte[] {1, 2, 3});
    var result =
        Command.run(folder, "run", "acme.App#dep", "-cp", odd.resolve("part").toString(), "x");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("class acme.Dep in " + dep + " is no class file");
  }

  @Test
  void aFolderOnePackageTooDeepIsSaidToBeThat() throws IOException {
    Path deep = classFolder("deep");
    var result = Command.run(folder, "run", "App#where", "-cp", deep.toString(), "x");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err())
        .contains("the file contains the class acme.App. Give that name, and in -cp the folder")
        .hasLineCount(1);
  }

  @Test
  void aDamagedClassInAJarIsNotSaidToBeMissing() throws IOException {
    Path jar = odd.resolve("damaged.jar");
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry("acme/App.class"));
      out.write(classes.get("acme.App"));
      out.closeEntry();
    }
    byte[] bytes = Files.readAllBytes(jar);
    for (int i = 60; i < 200; i++) {
      bytes[i] ^= 0x55; // within the compressed class
    }
    Files.write(jar, bytes);
    var result = Command.run(folder, "run", "acme.App#where", "-cp", jar.toString(), "x");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err())
        .contains("class acme.App cannot be read from the class path " + jar + ": ")
        .hasLineCount(1);
  }

  private void tool(String name, String... arguments) throws Exception {
    var words = new ArrayList<String>();
    words.add(Path.of(System.getProperty("java.home"), "bin", name).toString());
    words.addAll(java.util.List.of(arguments));
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      assertThat(process.waitFor(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(said)).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  /** As one that was put together of several, and has kept the signature of one of them. */
  @Test
  void aJarWhoseSignatureDoesNotHoldIsToldInOneLine() throws Exception {
    Path signed = folder.resolve("signed.jar");
    var manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    try (var out = new JarOutputStream(Files.newOutputStream(signed), manifest)) {
      for (var each : classes.entrySet()) {
        out.putNextEntry(new JarEntry(each.getKey().replace('.', '/') + ".class"));
        out.write(each.getValue());
      }
    }
    tool(
        "keytool",
        ("-genkeypair -alias own -keyalg EC -dname CN=own -validity 9999 -storepass secret"
                + " -keystore keys")
            .split(" "));
    tool("jarsigner", "-keystore", "keys", "-storepass", "secret", "signed.jar", "own");
    Path changed = folder.resolve("changed.jar");
    try (var in = new ZipInputStream(Files.newInputStream(signed));
        var out = new JarOutputStream(Files.newOutputStream(changed))) {
      for (ZipEntry each = in.getNextEntry(); each != null; each = in.getNextEntry()) {
        byte[] bytes = in.readAllBytes();
        if (each.getName().equals("META-INF/MANIFEST.MF")) {
          var other = new Manifest(new ByteArrayInputStream(bytes));
          other.getMainAttributes().putValue("Built-From", "several");
          var written = new ByteArrayOutputStream();
          other.write(written);
          bytes = written.toByteArray();
        }
        out.putNextEntry(new JarEntry(each.getName()));
        out.write(bytes);
      }
    }
    var result = Command.run(folder, "run", "acme.App#where", "-cp", "changed.jar", "x");
    assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
    assertThat(result.err())
        .contains("class acme.App cannot be loaded: ", "build it without the files META-INF/*.SF")
        .hasLineCount(1);
  }

  @Test
  void whatIsNoJarIsSaidToBeNone() throws IOException {
    Path jar = odd.resolve("cut.jar");
    Files.writeString(jar, "PK and nothing more");
    var result =
        Command.run(folder, "run", odd.resolve("App.java") + "#dep", "-cp", jar.toString(), "x");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains(jar + " cannot be read as a jar");
  }

  /** The JDK's compilers are services of a module that another loader defines. */
  @ParameterizedTest
  @ValueSource(strings = {"threads", "processes"})
  void aTaskFindsTheServicesOfAllTheJdksModules(String model) throws IOException {
    Files.writeString(
        folder.resolve("Tools.java"),
        """
        import java.util.ServiceLoader;
        import java.util.spi.ToolProvider;
        public class Tools {
          public static boolean f(String name) {
            return ServiceLoader.load(ToolProvider.class).stream()
                .anyMatch(each -> each.get().name().equals(name));
          }
        }
        """);
    var result = Command.run(folder, "run", "Tools.java", "--on", model, "javac", "jar", "none");
    assertThat(result.out()).isEqualTo("true\ntrue\nfalse\n");
  }

  @Test
  void aTaskDoesNotSeeTheClassesOfTheCommand() throws IOException {
    Files.writeString(
        folder.resolve("Sees.java"),
        """
        public class Sees {
          public static String f(String name) {
            try {
              return Class.forName(name).getName();
            } catch (ClassNotFoundException e) {
              return "no " + (Sees.class.getResource("/" + name.replace('.', '/') + ".class") == null);
            }
          }
        }
        """);
    var result = Command.run(folder, "run", "Sees.java", "picocli.CommandLine", "java.sql.Date");
    assertThat(result.out()).isEqualTo("no true\njava.sql.Date\n");
  }
}
