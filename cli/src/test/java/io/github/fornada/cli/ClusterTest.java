package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.ExecutionModel;
import io.github.fornada.process.ProcessPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import picocli.CommandLine.TypeConversionException;

/**
 * {@code run --on spark://...}, as far as it needs no Spark. What needs one is in
 * .ci/checks/spark.sh.
 */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class ClusterTest {
  /** No installation, nor what an earlier run of the user's has fetched. */
  private static final String WITHOUT_SPARK =
      "unset SPARK_CONF_DIR; SPARK_HOME=\"$HOME_OF_SPARK\" XDG_CACHE_HOME=\"$PWD/cache\" \"$@\"";

  @TempDir Path folder;

  private Command.Result run(String sparkHome, String... arguments) throws IOException {
    Files.writeString(
        folder.resolve("Echo.java"),
        "public class Echo { public static String echo(String s) { return s; } }");
    return Command.shell(folder, "HOME_OF_SPARK='" + sparkHome + "'; " + WITHOUT_SPARK, arguments);
  }

  @Test
  void theAddressesOfSparkAreClustersAndTheModelsAreNot() {
    var parser = new How.Parser();
    for (String address :
        List.of("spark://host:7077", "yarn", "k8s://https://host", "local[*]", "local")) {
      assertThat(parser.convert(address)).isEqualTo(new How(ExecutionModel.CLUSTER, address));
    }
    assertThat(parser.convert("processes")).isEqualTo(new How(ExecutionModel.PROCESSES, null));
    assertThat(parser.convert("auto").isAuto()).isTrue();
  }

  @Test
  void whatComparesOrJoinsStagesRefusesAClusterAndSaysWhoHasIt() {
    assertThatThrownBy(() -> new ModelParser().convert("spark://host:7077"))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("\"spark://host:7077\" is a cluster")
        .hasMessageContaining("fornada run");
  }

  @Test
  void withoutSparkItIsSaidWhatWouldBeFetchedAndNothingIs() throws IOException {
    var result = run("", "run", "Echo.java", "--on", "spark://127.0.0.1:7077", "a");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err())
        .contains("Apache Spark " + ClusterJars.SPARK + " for Scala 2.13")
        .contains("SPARK_HOME is not set")
        .contains("--fetch")
        .contains("220 MB");
    assertThat(folder.resolve("cache")).doesNotExist();
  }

  @Test
  void aListOfJarsThatCannotBeWrittenLeavesNoPartOfIt() throws IOException {
    Path cache = folder.resolve("cache/fornada");
    // A folder that is not empty, where the list is to be.
    Files.createDirectories(cache.resolve("spark-" + ClusterJars.SPARK + ".list/x"));
    maven(
        """
        #!/bin/sh
        for word in "$@"; do
          case "$word" in -Dmdep.outputFile=*) echo /none/fornada-spark-0.jar > "${word#*=}" ;; esac
        done
        """);
    var result = fetch();
    assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
    assertThat(result.err()).contains("cannot write ", ".list");
    try (Stream<Path> files = Files.list(cache)) {
      assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".part"));
    }
  }

  private void maven(String script) throws IOException {
    Path maven = Files.createDirectory(folder.resolve("bin")).resolve("mvn");
    Files.writeString(maven, script);
    Files.setPosixFilePermissions(maven, PosixFilePermissions.fromString("rwx------"));
  }

  private Command.Result fetch() throws IOException {
    Files.writeString(
        folder.resolve("Echo.java"),
        "public class Echo { public static String echo(String s) { return s; } }");
    return Command.shell(
        folder,
        "HOME_OF_SPARK=''; PATH=\"$PWD/bin:$PATH\"; " + WITHOUT_SPARK,
        "run",
        "Echo.java",
        "--on",
        "spark://127.0.0.1:7077",
        "--fetch",
        "a");
  }

  /** In a locale of another encoding, its words are no UTF-8. */
  @Test
  void whatMavenSaysIsToldWhateverItsEncoding() throws IOException {
    maven("#!/bin/sh\nprintf '[ERROR] no r\\351seau\n'\nexit 1\n");
    var result = fetch();
    assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
    assertThat(result.err())
        .contains("Maven could not fetch ", "[ERROR] no r")
        .doesNotContain("PATH");
  }

  @Test
  void aFolderThatIsNoSparkOrAnotherVersionIsNamed() throws IOException {
    Path jars = Files.createDirectories(folder.resolve("home/jars"));
    var none = run("home", "run", "Echo.java", "--on", "spark://127.0.0.1:7077", "a");
    assertThat(none.exitCode()).isEqualTo(2);
    assertThat(none.err()).contains("SPARK_HOME, ").contains("is no installed Spark");
    Files.createFile(jars.resolve("spark-core_2.12-3.5.1.jar"));
    var old = run("home", "run", "Echo.java", "--on", "spark://127.0.0.1:7077", "a");
    assertThat(old.exitCode()).isEqualTo(2);
    assertThat(old.err()).contains("has Spark 3.5.1 for Scala 2.12");
  }

  @Test
  void whatIsForAClusterIsRefusedWithoutOne() throws IOException {
    var result = run("", "run", "Echo.java", "--conf", "spark.executor.memory=2g", "a");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("--conf is for a cluster");
  }

  @Test
  void theVersionOfSparkIsThatOfTheBuild() throws IOException {
    assertThat(Files.readString(Path.of("..", "pom.xml")))
        .contains("<spark.version>" + ClusterJars.SPARK + "</spark.version>");
  }

  /** In a worker that has neither the file nor the class path: its classes come by themselves. */
  @Test
  void aFunctionForAClusterTravelsWithItsClasses() throws Exception {
    Path source = folder.resolve("Shapes.java");
    Files.writeString(
        source,
        """
        record Square(int side) {
          int area() { return side * side; }
        }
        String area(int side) {
          java.util.function.IntUnaryOperator area = s -> new Square(s).area();
          return "area " + area.applyAsInt(side);
        }
        """);
    LoadedTask task = TaskLocator.locate(TaskLocator.place(source.toString(), null));
    Files.delete(source);
    try (var pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"))) {
      assertThat(pool.map(List.of("3", "4"), task.call().forCluster()))
          .containsExactly("area 9", "area 16");
    }
  }
}
