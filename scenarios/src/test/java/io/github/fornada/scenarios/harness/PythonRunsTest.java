package io.github.fornada.scenarios.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the table says of a program in Python. */
final class PythonRunsTest {
  @TempDir Path scripts;

  @BeforeEach
  void thereIsPython() {
    assumeTrue(PythonRuns.find(scripts).version().startsWith("Python "), "no python3");
  }

  private PythonRuns.Answer run(String script) throws Exception {
    Files.writeString(scripts.resolve("program.py"), script);
    return PythonRuns.find(scripts).run(PythonProgram.of("program.py", 7));
  }

  @Test
  void theGainIsOverTheProgramsOwnLoop() throws Exception {
    PythonRuns.Answer answer =
        run(
            """
            print('{"sequential": 3.0, "pick": 1.5, "name": "asyncio", "notes": ["seen"]}')
            """);
    assertThat(answer.gain()).isEqualTo("asyncio 2.00x");
    assertThat(answer.notes()).containsExactly("seen");
  }

  @Test
  void whatIsMissingIsSaid() throws Exception {
    assertThat(run("print('{\"missing\": \"no Pillow\"}')").gain()).isEqualTo("no Pillow");
  }

  @Test
  void aProgramThatFailsIsNamedWithItsLastLine() throws Exception {
    assertThat(run("import sys; sys.exit('wrong: ' + sys.argv[1])").gain())
        .isEqualTo("program.py failed: exit code 1: wrong: 7");
    assertThat(PythonRuns.find(scripts).run(PythonProgram.of("none.py")).gain())
        .startsWith("no ")
        .endsWith("none.py");
  }
}
