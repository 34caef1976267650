package io.github.fornada.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.process.ProcessOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

/** What is checked before a pool is opened, and needs no cluster. */
final class ClusterChecksTest {
  @Test
  void speculationIsRefusedWithTheReason() {
    assertThatThrownBy(
            () -> SparkPool.connect("local[1]", o -> o.withSetting("spark.speculation", "true")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spark.speculation must be false: ");
  }

  private static SparkConf conf(String overhead) {
    return new SparkConf(false)
        .set("spark.executor.cores", "4")
        .set("spark.executor.memoryOverhead", overhead);
  }

  @Test
  void workersMustFitIntoTheContainersOverhead() {
    assertThatThrownBy(() -> ClusterChecks.heap(conf("512m"), "yarn", "512m"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "spark.executor.memoryOverhead must be at least 2496m, and is 512m: ")
        .hasMessageContaining("4 worker JVMs");
    assertThat(ClusterChecks.heap(conf("2496m"), "k8s://https://host", "512m")).isEmpty();
  }

  @Test
  void withoutAChosenHeapTheOverheadIsShared() {
    assertThat(ClusterChecks.heap(conf("2496m"), "yarn", null)).isEqualTo("512m");
    assertThat(ClusterChecks.heap(conf("100m"), "spark://host:7077", null))
        .as("nothing limits it")
        .isEmpty();
  }

  @Test
  void anOverheadThatIsNotSetIsThatOfSpark() {
    var conf = new SparkConf(false).set("spark.executor.memory", "8g");
    assertThat(ClusterChecks.heap(conf, "yarn", null)).isEqualTo("563m"); // 819 - 192 - 64
    conf.set("spark.executor.memoryOverheadFactor", "0.25");
    assertThat(ClusterChecks.heap(conf, "k8s://https://host", null)).isEqualTo("1792m");
    conf.set("spark.executor.minMemoryOverhead", "4g");
    assertThat(ClusterChecks.heap(conf, "yarn", null)).isEqualTo("3840m");
  }

  @Test
  void aContainerWithoutRoomForTheSmallestWorkersIsRefused() {
    var conf = new SparkConf(false).set("spark.executor.cores", "8");
    assertThatThrownBy(() -> ClusterChecks.heap(conf, "yarn", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "spark.executor.memoryOverhead must be at least 1216m, and is 384m: ")
        .hasMessageContaining("8 worker JVMs beside the executor, each with a heap of 64m");
  }

  @Test
  void withoutIsolationNothingCanBeAskedOfWorkers() {
    refused(o -> o.withHeap("1g"), "a heap of its own: set spark.executor.memory");
    refused(o -> o.withJvmOptions("-Xint"), "JVM options: set spark.executor.extraJavaOptions");
    refused(o -> o.withEnvironment("A", "b"), "an environment: set spark.executorEnv.NAME");
    refused(o -> o.withDirectory(Path.of("/")), "a working folder: use absolute paths");
    refused(o -> o.withMaxTasks(5), "an end after some items");
    refused(o -> o.withMaxAge(Duration.ofHours(1)), "at an age");
    refused(o -> o.withResidentLimit("1g"), "at a size");
    ClusterChecks.withoutIsolation(
        options(o -> o.withTimeout(Duration.ofSeconds(1)).withRetries(2)));
  }

  private static ProcessOptions options(UnaryOperator<ProcessOptions> change) {
    return SparkPool.workersOf(SparkOptions.defaults().withWorkerOptions(change));
  }

  private static void refused(UnaryOperator<ProcessOptions> change, String what) {
    assertThatThrownBy(() -> ClusterChecks.withoutIsolation(options(change)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("withoutIsolation() runs items in the executors' own JVMs, so ")
        .hasMessageContaining(what);
  }

  @Test
  void anExecutorThatDoesNotFitIsSaidInASentence() {
    assertThat(
            CoreLoans.explained(
                new IllegalStateException("java.lang.UnsupportedClassVersionError: x")))
        .startsWith(
            "its executors run a Java before 25; set spark.executorEnv.JAVA_HOME to a JDK 25");
    assertThat(CoreLoans.explained(new IllegalStateException("java.io.InvalidClassException: x")))
        .startsWith("it has another version of Spark than the program, which has 4.");
    assertThat(AgentTask.otherVersion("3", "4.1.0", "4.2.0"))
        .isEqualTo(
            "executor 3 runs Spark 4.1.0, and the program has Spark 4.2.0: give the program the"
                + " same version");
    assertThat(AgentTask.otherVersion("3", "4.2.0", "4.2.0")).isNull();
  }

  @Test
  void theCoresOfAnExecutorAreThoseOfItsCommandLine() {
    assertThat(
            ExecutorAgent.coresHere(
                "org.apache.spark.executor.CoarseGrainedExecutorBackend --executor-id 0 --cores 16"
                    + " --app-id a"))
        .isEqualTo(16);
    assertThat(ExecutorAgent.coresHere("a.Program")).isZero();
  }

  @Test
  void optionsAreCheckedWhereTheyAreMade() {
    assertThatThrownBy(() -> SparkOptions.defaults().withWorkers(0))
        .hasMessage("workers must be at least 1, got 0");
    assertThatThrownBy(() -> SparkOptions.defaults().withSilenceLimit(Duration.ofSeconds(1)))
        .hasMessageContaining("silence limit must be at least 10 s");
  }
}
