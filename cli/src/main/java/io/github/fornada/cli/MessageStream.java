package io.github.fornada.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * The command's stderr. Messages hold text of the user's: names of files, items, messages of
 * exceptions. A terminal would carry out the codes in it: change colours or the title, remove what
 * was printed, show text backwards. So characters that control a terminal are printed as {@code
 * \}{@code u001b} and the like.
 */
final class MessageStream extends PrintStream {
  /** Creates a stream that is flushed after each line. */
  MessageStream(OutputStream out, Charset charset) {
    super(out, true, charset);
  }

  @Override
  public void print(@Nullable String text) {
    super.print(withoutControls(String.valueOf(text)));
  }

  @Override
  public void print(@Nullable Object value) {
    print(String.valueOf(value));
  }

  @Override
  public void println(@Nullable String text) {
    // in one piece, because others write to the same terminal or file
    super.print(withoutControls(String.valueOf(text)) + System.lineSeparator());
  }

  @Override
  public void println(@Nullable Object value) {
    println(String.valueOf(value));
  }

  /** Prints text of the command's own that may control the terminal. */
  void control(String text) {
    super.print(text);
    flush();
  }

  /**
   * Returns a text in which characters that control a terminal are escaped, in a form that is valid
   * within JSON too. Ends of lines and tabs stay.
   */
  static String withoutControls(String text) {
    int place = 0;
    while (place < text.length() && !isControl(text, place)) {
      place++;
    }
    if (place == text.length()) {
      return text;
    }
    var safe = new StringBuilder(text.length() + 16).append(text, 0, place);
    for (int i = place; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isControl(text, i)) {
        safe.append(c);
      } else if (c == '\r') {
        safe.append("\\r");
      } else {
        safe.append("\\u%04x".formatted((int) c));
      }
    }
    return safe.toString();
  }

  private static boolean isControl(String text, int place) {
    char c = text.charAt(place);
    if (c == '\r') { // that of CR LF does no harm
      return place + 1 == text.length() || text.charAt(place + 1) != '\n';
    }
    if (c < 0x7F) {
      return c < ' ' && c != '\n' && c != '\t';
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
      case Character.FORMAT -> isDirection(c);
      case Character.SURROGATE -> !isPaired(text, place);
      default -> false;
    };
  }

  /** Returns whether a character changes the direction of the text that follows. */
  private static boolean isDirection(char c) {
    return c == '\u061C'
        || c == '\u200E'
        || c == '\u200F'
        || (c >= '\u202A' && c <= '\u202E')
        || (c >= '\u2066' && c <= '\u2069');
  }

  private static boolean isPaired(String text, int place) {
    return Character.isHighSurrogate(text.charAt(place))
        ? place + 1 < text.length() && Character.isLowSurrogate(text.charAt(place + 1))
        : place > 0 && Character.isHighSurrogate(text.charAt(place - 1));
  }
}
