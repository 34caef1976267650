package io.github.fornada.cli;

import io.github.fornada.jvm.Listing;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the jars of Spark, and of the module of this project that uses it. The command contains
 * neither: Spark is 136 jars, and whoever has a cluster has an installation. Nothing is fetched
 * unless the user says so.
 */
final class ClusterJars {
  /** The version that is fetched, and that the module is made for. A test compares the build's. */
  static final String SPARK = "4.2.0";

  private static final String MINOR = SPARK.substring(0, SPARK.lastIndexOf('.') + 1);
  private static final String SCALA = "2.13";
  private static final String WHAT = "Apache Spark " + SPARK + " for Scala " + SCALA;
  private static final String HOW_MUCH = "136 jars, 220 MB, into Maven's own repository";
  private static final Pattern CORE = Pattern.compile("spark-core_([0-9.]+)-(.+)\\.jar");
  private static final String MODULE = "fornada-spark";

  private ClusterJars() {}

  /**
   * Returns the class path.
   *
   * @param what what needs it, for messages: an option with its value, or a command
   * @param fetch whether Maven may fetch what is not there
   * @throws Fault if something is not there, or is of another version
   */
  static List<Path> find(String what, boolean fetch, Terminal terminal) {
    Path home = folder("SPARK_HOME");
    if (home != null) {
      List<Path> spark = installed(home);
      Path module = module();
      if (module == null && fetch) {
        terminal.note("fornada: building the module for Spark with Maven; it fetches " + HOW_MUCH);
        module = fetchModule();
      }
      if (module == null) {
        throw Fault.usage(
            what
                + " needs the jar "
                + MODULE
                + ", which is not built. Add --fetch: Maven then builds it, and fetches Spark for"
                + " that, "
                + HOW_MUCH);
      }
      return with(module, spark);
    }
    Path module = module();
    List<Path> spark = module == null ? List.of() : fetched();
    if (!spark.isEmpty() && module != null) {
      return with(module, spark);
    }
    if (!fetch) {
      throw Fault.usage(
          what
              + " needs "
              + WHAT
              + ", and SPARK_HOME is not set. Set it to the folder of an installed Spark, or add"
              + " --fetch: Maven then fetches it, "
              + HOW_MUCH
              + ", once");
    }
    terminal.note("fornada: fetching " + WHAT + " with Maven: " + HOW_MUCH);
    Path made = module == null ? fetchModule() : module;
    return with(made, fetchSpark());
  }

  private static List<Path> with(Path module, List<Path> spark) {
    var all = new ArrayList<Path>();
    all.add(module);
    all.addAll(settingsFolders());
    all.addAll(spark);
    return all;
  }

  /** Spark and Hadoop read what they find of their settings on the class path. */
  private static Set<Path> settingsFolders() {
    var folders = new LinkedHashSet<Path>();
    addFolder(ClusterOptions.configuration(), folders);
    addFolder(folder("HADOOP_CONF_DIR"), folders);
    addFolder(folder("YARN_CONF_DIR"), folders);
    return folders;
  }

  private static void addFolder(@Nullable Path folder, Set<Path> to) {
    if (folder != null && Files.isDirectory(folder)) {
      to.add(folder);
    }
  }

  /** Returns the folder that an environment variable names; null if it is not set. */
  static @Nullable Path folder(String variable) {
    String value = System.getenv(variable);
    return value == null || value.isEmpty() ? null : Path.of(value).toAbsolutePath();
  }

  // ---- an installation

  private static List<Path> installed(Path home) {
    List<Path> jars = jarsIn(home.resolve("jars"));
    for (Path jar : jars) {
      Matcher core = CORE.matcher(jar.getFileName().toString());
      if (core.matches()) {
        if (!core.group(1).equals(SCALA) || !core.group(2).startsWith(MINOR)) {
          throw Fault.usage(
              "SPARK_HOME, "
                  + home
                  + ", has Spark "
                  + core.group(2)
                  + " for Scala "
                  + core.group(1)
                  + ", and this needs "
                  + WHAT
                  + ": set SPARK_HOME to such a one, or unset it and add --fetch");
        }
        return jars;
      }
    }
    throw Fault.usage(
        "SPARK_HOME, "
            + home
            + ", is no installed Spark: there is no jars/spark-core_*.jar. Correct it, or unset it"
            + " and add --fetch");
  }

  private static List<Path> jarsIn(Path folder) {
    var jars = new ArrayList<Path>();
    if (Files.isDirectory(folder)) {
      try {
        jars.addAll(Listing.of(folder, "*.jar"));
      } catch (IOException e) {
        throw Fault.usage("cannot read the folder " + folder + ": " + e.getMessage());
      }
    }
    jars.sort(null);
    return jars;
  }

  // ---- the module

  /** Returns the jar of the module: beside the command's own, or built; null if it is not there. */
  private static @Nullable Path module() {
    var folders = new LinkedHashSet<Path>();
    addFolder(ownFolder(), folders);
    Path root = root();
    addFolder(root == null ? null : root.resolve("spark").resolve("target"), folders);
    for (Path folder : folders) {
      for (Path jar : jarsIn(folder)) {
        if (isModule(jar.getFileName().toString())) {
          return jar;
        }
      }
    }
    return null;
  }

  private static boolean isModule(String name) {
    return name.startsWith(MODULE)
        && !name.endsWith("-sources.jar")
        && !name.endsWith("-javadoc.jar")
        && !name.endsWith("-tests.jar");
  }

  /** Returns the folder that the command was loaded from; null if that is not known. */
  private static @Nullable Path ownFolder() {
    try {
      return Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getParent();
    } catch (URISyntaxException | RuntimeException e) {
      return null; // from a place that is no file
    }
  }

  /** Returns the folder of this project's sources; null if the command is not run from there. */
  private static @Nullable Path root() {
    Path own = ownFolder(); // cli/target
    Path root = own == null ? null : own.resolve("..").resolve("..").normalize();
    return root != null && Files.exists(root.resolve("spark").resolve("pom.xml")) ? root : null;
  }

  private static Path fetchModule() {
    Path root = root();
    if (root != null) {
      maven(
          root,
          List.of("-Pspark", "-pl", "library,spark", "-Dmaven.test.skip", "package"),
          "build the module for Spark");
      Path built = module();
      if (built != null) {
        return built;
      }
    }
    String version = Main.class.getPackage().getImplementationVersion();
    for (Path jar : resolve("io.github.fornada", MODULE, version == null ? "" : version)) {
      if (isModule(jar.getFileName().toString())) {
        return jar;
      }
    }
    throw Fault.failed("Maven has fetched no jar " + MODULE);
  }

  // ---- Spark from Maven's repository

  /** The list of jars that were fetched. The jars are Maven's, so each is on the disk once. */
  private static Path list() {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path folder =
        cache == null || cache.isEmpty()
            ? Path.of(System.getProperty("user.home", "."), ".cache")
            : Path.of(cache);
    return folder.resolve("fornada").resolve("spark-" + SPARK + ".list");
  }

  /** Returns the jars that were fetched; none if not all of them are there. */
  private static List<Path> fetched() {
    try {
      List<Path> jars =
          Files.readAllLines(list(), StandardCharsets.UTF_8).stream().map(Path::of).toList();
      return jars.stream().allMatch(Files::exists) ? jars : List.of();
    } catch (IOException | RuntimeException e) {
      return List.of(); // never fetched, or not as it was written
    }
  }

  private static List<Path> fetchSpark() {
    List<Path> jars = resolve("org.apache.spark", "spark-core_" + SCALA, SPARK);
    Path list = list();
    try {
      Files.createDirectories(list.getParent());
      Path whole = Files.createTempFile(list.getParent(), "spark-", ".part");
      try {
        Files.write(whole, jars.stream().map(Path::toString).toList(), StandardCharsets.UTF_8);
        Files.move(whole, list, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(whole); // of a full disk, for instance
      }
    } catch (IOException e) {
      throw Fault.failed("cannot write " + list + ": " + e);
    }
    return jars;
  }

  /** Returns the jars of an artifact with all that it needs. */
  private static List<Path> resolve(String group, String artifact, String version) {
    try {
      Path folder = Files.createTempDirectory("fornada-fetch-");
      Path pom = folder.resolve("pom.xml");
      Path paths = folder.resolve("paths");
      try {
        Files.writeString(pom, pom(group, artifact, version), StandardCharsets.UTF_8);
        maven(
            folder,
            List.of(
                "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath",
                "-Dmdep.outputFile=" + paths,
                "-Dmdep.includeScope=runtime"),
            "fetch " + artifact + " " + version);
        return Stream.of(
                Files.readString(paths, StandardCharsets.UTF_8).strip().split(File.pathSeparator))
            .map(Path::of)
            .toList();
      } finally {
        Files.deleteIfExists(pom);
        Files.deleteIfExists(paths);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      throw Fault.failed("cannot write a file for Maven: " + e);
    }
  }

  private static String pom(String group, String artifact, String version) {
    return """
    <project xmlns="http://maven.apache.org/POM/4.0.0">
      <modelVersion>4.0.0</modelVersion>
      <groupId>io.github.fornada</groupId>
      <artifactId>fetch</artifactId>
      <version>1</version>
      <packaging>pom</packaging>
      <dependencies>
        <dependency>
          <groupId>%s</groupId>
          <artifactId>%s</artifactId>
          <version>%s</version>
        </dependency>
      </dependencies>
    </project>
    """
        .formatted(group, artifact, version);
  }

  private static void maven(Path folder, List<String> arguments, String purpose) {
    var words = new ArrayList<>(List.of("mvn", "-B", "-ntp", "-q"));
    words.addAll(arguments);
    try {
      Path log = Files.createTempFile("fornada-maven-", ".log");
      try {
        int code = run(folder, words, purpose, log);
        if (code != 0) {
          // Not as text that must be UTF-8: Maven writes it in the encoding of the locale.
          String said = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
          throw Fault.failed("Maven could not " + purpose + ":\n" + said);
        }
      } finally {
        Files.deleteIfExists(log);
      }
    } catch (IOException e) {
      throw Fault.failed("cannot write a file for Maven: " + Inputs.reason(e));
    }
  }

  private static int run(Path folder, List<String> words, String purpose, Path log) {
    var builder =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    String jdk = System.getProperty("java.home");
    builder.environment().put("JAVA_HOME", jdk);
    builder.environment().put("JAVA25_HOME", jdk);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw Fault.usage(
          "to "
              + purpose
              + " needs Maven, which is not on the PATH ("
              + e.getMessage()
              + "). Get it: https://maven.apache.org/install.html");
    }
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Ctrl-C: the command ends
      throw new IllegalStateException("interrupted while Maven ran", e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }
  }
}
