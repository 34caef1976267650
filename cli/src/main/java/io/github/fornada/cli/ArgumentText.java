package io.github.fornada.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Checks that arguments arrived as they were typed. The JVM decodes them according to the locale,
 * and replaces bytes that are not text in it by U+FFFD. The command would then run another input,
 * or open another file.
 */
final class ArgumentText {
  private static final char REPLACEMENT = '\uFFFD';
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private ArgumentText() {}

  /** Returns whether {@code argument} is what was typed. */
  static boolean isIntact(@Nullable String argument) {
    return argument == null || argument.indexOf(REPLACEMENT) < 0 || isTyped();
  }

  /** Returns whether all bytes of the command line are text, so that a U+FFFD in it was typed. */
  private static boolean isTyped() {
    if (!"UTF-8".equals(System.getProperty("sun.jnu.encoding"))) {
      return false;
    }
    try {
      var _ =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(Files.readAllBytes(COMMAND_LINE)));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    } catch (IOException e) {
      return false; // this system has no such file
    }
  }

  /** Returns a text that says why an argument is not what was typed. */
  static String reason() {
    String encoding = System.getProperty("sun.jnu.encoding");
    return "holds bytes that are no text in "
        + encoding
        + ", the encoding of the locale here; "
        + ("UTF-8".equals(encoding)
            ? "give it in UTF-8, or rename the file"
            : "set LC_ALL to a UTF-8 locale such as C.UTF-8");
  }

  /**
   * Checks the value of an option.
   *
   * @throws Fault if it is not what was typed
   */
  static void require(String option, @Nullable Object value) {
    if (value != null && !isIntact(value.toString())) {
      throw Fault.usage(option + " " + value + ": " + reason());
    }
  }
}
