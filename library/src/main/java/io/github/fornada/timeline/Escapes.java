package io.github.fornada.timeline;

/** Escapes text of users for HTML and JSON, so that it is shown and never interpreted. */
final class Escapes {
  private Escapes() {}

  /**
   * Escapes for HTML text and quoted attributes. Invisible characters, and those that change the
   * direction of text, are shown by their number; tabs and line ends are kept.
   */
  static String html(String text) {
    var out = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        case '\n', '\t' -> out.append(c);
        case '\r' -> {}
        default -> appendVisible(out, text, i, c);
      }
    }
    return out.toString();
  }

  /** Returns the text as one line in which every character is visible, for labels. */
  static String line(String text) {
    var out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n' || c == '\r' || c == '\t') {
        out.append(' ');
      } else {
        appendVisible(out, text, i, c);
      }
    }
    return out.toString();
  }

  /** Returns a JSON string with its quotes, safe in a script element too. */
  static String json(String text) {
    var out = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\t' -> out.append("\\t");
        case '<', '>', '&', '\'' -> appendNumber(out, c);
        default -> {
          if (isLone(text, i, c)) {
            appendNumber(out, '\ufffd');
          } else if (isHidden(c)) {
            appendNumber(out, c);
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }

  private static void appendVisible(StringBuilder out, String text, int i, char c) {
    if (isLone(text, i, c)) {
      out.append('\ufffd');
    } else if (isHidden(c)) {
      appendNumber(out, c);
    } else {
      out.append(c);
    }
  }

  private static void appendNumber(StringBuilder out, char c) {
    out.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      out.append(Character.forDigit((c >> shift) & 15, 16));
    }
  }

  /** Whether it is a control, a line or paragraph separator, or a mark for the text direction. */
  private static boolean isHidden(char c) {
    return c < ' '
        || (c >= 0x7f && c < 0xa0)
        || c == 0x061c
        || (c >= 0x200e && c <= 0x200f)
        || (c >= 0x2028 && c <= 0x202e)
        || (c >= 0x2060 && c <= 0x206f)
        || c == 0xfeff
        || (c >= 0xfff0 && c != 0xfffd);
  }

  /** Whether it is one half of a surrogate pair without the other. */
  private static boolean isLone(String text, int i, char c) {
    if (Character.isHighSurrogate(c)) {
      return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    return Character.isLowSurrogate(c)
        && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
  }
}
