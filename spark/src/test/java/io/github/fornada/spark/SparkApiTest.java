package io.github.fornada.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What users of this module see is what docs/api/fornada-spark.txt lists. */
final class SparkApiTest {
  private static final Path ROOT = Path.of("..");

  /** Of the library's tests, run from its source: it is the same list, made by the same code. */
  private static final Path TOOL =
      ROOT.resolve("library/src/test/java/io/github/fornada/architecture/PublicApi.java");

  @Test
  void thePublicSignaturesAreThoseListed() throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                TOOL.toString(),
                Path.of("target", "classes").toString(),
                ROOT.resolve("docs/api/fornada-spark.txt").toString()));
    if (System.getProperty("api.update") != null) {
      command.add("--update");
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).withFailMessage(() -> said).isZero();
    assertThat(said).isEmpty();
  }
}
