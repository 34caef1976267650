package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The user's text cannot control the terminal on which a message shows it. */
class MessageStreamTest {
  private static final String ESC = "\u001b";

  @RegisterExtension final ServedFolder served = new ServedFolder();

  private static String printed(Object text) {
    var bytes = new ByteArrayOutputStream();
    try (var stream = new MessageStream(bytes, StandardCharsets.UTF_8)) {
      stream.println(text);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void charactersThatControlATerminalAreEscaped() {
    assertThat(printed("a" + ESC + "[31mb")).isEqualTo("a\\u001b[31mb\n");
    assertThat(printed("over\rwritten")).isEqualTo("over\\rwritten\n");
    assertThat(printed("\u0000\u0007\b\u007f\u009b"))
        .isEqualTo("\\u0000\\u0007\\u0008\\u007f\\u009b\n");
    assertThat(printed("\u202egpj.exe\u2028")).isEqualTo("\\u202egpj.exe\\u2028\n");
    assertThat(printed("half \ud83d")).isEqualTo("half \\ud83d\n");
  }

  @Test
  void otherTextStaysAsItIs() {
    for (String text : new String[] {"", "a\tb\r\nc", "\u00e9\u4e2d\ud83d\ude00", "{\"a\":1}"}) {
      assertThat(printed(text)).isEqualTo(text + "\n");
    }
    assertThat(printed(Path.of("ab"))).isEqualTo("ab\n");
  }

  @Test
  void theCommandsOwnCodesAreNotEscaped() {
    var bytes = new ByteArrayOutputStream();
    try (var stream = new MessageStream(bytes, StandardCharsets.UTF_8)) {
      stream.control(ESC + "[K");
    }
    assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo(ESC + "[K");
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void noMessageOfTheCommandPassesThemOn() throws IOException {
    Path folder = served.path();
    String code = ESC + "[2J";
    Files.writeString(
        folder.resolve("Tasks.java"),
        """
        public class Tasks {
          public static String fail(String s) { throw new IllegalStateException(s); }
          public static String echo(String s) { return s; }
          public static int count(int n) { return n; }
        }
        """);
    Path odd = Files.createDirectory(folder.resolve("odd" + code));
    Files.createSymbolicLink(odd.resolve("gone" + code), Path.of("nowhere"));
    String[][] lines = {
      {"run", "Tasks.java#fail", code},
      {"run", "Tasks.java#fail", "--on", "processes", code},
      {"run", "Tasks.java#count", code},
      {"run", "Tasks.java#nothing" + code, "a"},
      {"run", "Tasks.java#echo", "--files", "odd" + code},
      {"run", "Tasks.java#echo", "--lines", "no" + code},
      {"run", "Tasks.java#echo", "a", "-o", "no" + code + "/x"},
      {"run", "Tasks.java#echo", "a", "--on", code},
      {"run", "Tasks.java#echo", "a", "--nope" + code},
      {"run", "Tasks.java#echo", "a", "--timeout", code},
      {"run", "Tasks.java#echo", "a", "-cp", code},
      {"run", "Tasks.java#fail", "then", "Tasks.java#echo", code},
      {"compare", "Tasks.java#fail", code, "--rounds", "1", "--on", "threads"},
      {code},
    };
    for (String[] line : lines) {
      var result = Command.run(folder, line);
      assertThat(result.exitCode()).as(String.join(" ", line)).isPositive();
      assertThat(result.err())
          .as(String.join(" ", line))
          .contains("\\u001b[2J")
          .doesNotContain(ESC);
    }
    var echoed = Command.run(folder, "run", "Tasks.java#echo", code);
    assertThat(echoed.out()).as("a result is not changed").isEqualTo(code + "\n");
  }
}
