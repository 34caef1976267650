package io.github.fornada.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
    assertThatThrownBy(
            () -> SparkOptions.defaults().withSilenceLimit(java.time.Duration.ofSeconds(1)))
        .hasMessageContaining("silence limit must be at least 10 s");
  }
}
