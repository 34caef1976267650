package io.github.fornada.process.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.process.Leftovers;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the command line says is what the JDK's management bean says, or nothing. */
class OwnArgumentsTest {
  private static List<String> parse(String line) {
    return OwnArguments.parse(List.of(line.split(" ")));
  }

  @Test
  void theArgumentsOfThisJvmAreThoseOfTheBean() {
    assertThat(OwnArguments.ALL)
        .isEqualTo(ManagementFactory.getRuntimeMXBean().getInputArguments());
  }

  @Test
  void optionsEndBeforeTheMainClassOrTheJar() {
    assertThat(parse("/jdk/bin/java -Xmx1g -Da=b -cp x:y -ea app.Main -Dof=the.program"))
        .containsExactly("-Xmx1g", "-Da=b", "-ea");
    assertThat(parse("java --add-opens=a/b=ALL-UNNAMED --class-path=x --enable-preview -jar a.jar"))
        .containsExactly("--add-opens=a/b=ALL-UNNAMED", "--enable-preview");
    assertThat(parse("java -Djava.class.path=x -XX:+UseSerialGC Main"))
        .containsExactly("-XX:+UseSerialGC");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "java @options Main",
        "java --add-opens a/b=ALL-UNNAMED Main",
        "java -m app/app.Main",
        "java -p mods -m app/app.Main",
        "java Main.java",
        "java --source 25 script",
        "java -XX:VMOptionsFile=options Main",
        "/opt/app/launcher -Xmx1g Main",
        "java -version",
        "java -Xmx1g",
        "java"
      })
  void whatTheLauncherChangesIsLeftToTheBean(String line) {
    assertThat(parse(line)).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-Xmx64m -Da=b",
        "--add-opens java.base/java.lang=ALL-UNNAMED -ea",
        "-XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -Dx"
      })
  void aFreshJvmSeesWhatTheBeanSays(String options) throws Exception {
    var command = new ArrayList<>(List.of(Launcher.java()));
    command.addAll(List.of(options.split(" ")));
    command.addAll(
        List.of(
            "-cp", System.getProperty("java.class.path"), "-Xss1m", Compare.class.getName(), "-Z"));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    Launcher.OPTION_VARIABLES.forEach(builder.environment()::remove);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(Leftovers.SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(said.strip()).isEqualTo("the same");
  }

  /** A program that compares the two. */
  static final class Compare {
    private Compare() {}

    public static void main(String[] args) {
      List<String> bean = ManagementFactory.getRuntimeMXBean().getInputArguments();
      System.out.println(
          bean.equals(OwnArguments.ALL) ? "the same" : bean + " and " + OwnArguments.ALL);
    }
  }
}
