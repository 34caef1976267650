package io.github.fornada.cli;

import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * A pattern for files below a folder, as shells and {@code .gitignore} have it: {@code *} and
 * {@code ?} stay within a name, <code>**&#47;</code> stands for any number of folders, none
 * included, {@code [a-z]} and {@code {jpg,png}} have their usual meaning. A pattern without a slash
 * is compared with the name alone. (The JDK's own globs require at least one folder for <code>
 * **&#47;</code>.)
 */
final class Glob {
  private static final String LETTERS_OF_REGEX = "\\^$.|?*+()[]{}";

  /** A dot at the beginning of a part, which is neither {@code .} nor {@code ..}. */
  private static final Pattern HIDDEN =
      Pattern.compile("(?:^|/)(?:\\{(?:[^{}/]*,)?)*\\\\?\\.(?!\\.?(?:/|$))");

  private static final String LETTERS_OF_CLASS = "\\[]^&";

  private final String text;
  private final boolean wholePath;
  private final Pattern pattern;
  private int at;

  private Glob(String glob) {
    String cleaned = glob.replaceAll("/(?:\\./|/)+", "/").replaceFirst("^(?:\\./)+", "");
    this.text = cleaned;
    this.wholePath = glob.contains("/");
    this.pattern = Pattern.compile(regex(false), Pattern.DOTALL);
  }

  /**
   * Parses a pattern.
   *
   * @throws PatternSyntaxException if it is invalid; its description says why
   */
  static Glob of(String glob) {
    return new Glob(glob);
  }

  /**
   * Returns whether the pattern names hidden files or folders: a part of it, or one of several in
   * braces, begins with a dot that is the beginning of a name.
   */
  boolean namesHidden() {
    return HIDDEN.matcher(text).find();
  }

  /** Returns whether a file's path below the folder, or its name, matches. */
  boolean matches(Path relative) {
    @Nullable Path compared = wholePath ? relative : relative.getFileName();
    return compared != null
        && pattern
            .matcher(compared.toString().replace(compared.getFileSystem().getSeparator(), "/"))
            .matches();
  }

  private String regex(boolean inGroup) {
    var regex = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at);
      if (inGroup && (c == ',' || c == '}')) {
        return regex.toString();
      }
      at++;
      switch (c) {
        case '*' -> regex.append(stars());
        case '?' -> regex.append("[^/]");
        case '[' -> regex.append(bracket());
        case '{' -> regex.append(group());
        case '\\' -> {
          if (at == text.length()) {
            throw wrong("nothing follows the last \\");
          }
          literal(text.charAt(at++), regex);
        }
        default -> literal(c, regex);
      }
    }
    if (inGroup) {
      throw wrong("{ without }");
    }
    return regex.toString();
  }

  private static void literal(char c, StringBuilder regex) {
    if (LETTERS_OF_REGEX.indexOf(c) >= 0) {
      regex.append('\\');
    }
    regex.append(c);
  }

  /** Parses the rest of one or two stars; the first was read. */
  private String stars() {
    if (at == text.length() || text.charAt(at) != '*') {
      return "[^/]*";
    }
    boolean beginsName = at == 1 || "/{,".indexOf(text.charAt(at - 2)) >= 0;
    while (at < text.length() && text.charAt(at) == '*') {
      at++;
    }
    if (beginsName && at < text.length() && text.charAt(at) == '/') {
      at++;
      return "(?:.*/)?";
    }
    return ".*";
  }

  private String bracket() {
    int end = text.indexOf(']', at + (at < text.length() && text.charAt(at) == '!' ? 2 : 1));
    if (end < 0) {
      throw wrong("[ without ]");
    }
    String content = text.substring(at, end);
    at = end + 1;
    boolean negated = content.startsWith("!") || content.startsWith("^");
    var letters = new StringBuilder();
    for (char c : content.substring(negated ? 1 : 0).toCharArray()) {
      letters.append(LETTERS_OF_CLASS.indexOf(c) < 0 ? "" : "\\").append(c);
    }
    return "(?!/)[" + (negated ? "^" : "") + letters + "]";
  }

  private String group() {
    var regex = new StringBuilder("(?:");
    while (true) {
      regex.append(regex(true));
      if (text.charAt(at++) == '}') {
        return regex.append(')').toString();
      }
      regex.append('|');
    }
  }

  private PatternSyntaxException wrong(String why) {
    return new PatternSyntaxException(why, text, -1);
  }
}
