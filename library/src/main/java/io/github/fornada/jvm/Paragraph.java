package io.github.fornada.jvm;

/** Text broken into lines. */
public final class Paragraph {
  private Paragraph() {}

  /**
   * Appends {@code sentences} in lines that end with {@code lineEnd}. A line is broken between
   * words only, so a longer word has a longer line.
   *
   * @param columns the maximum length of a line
   */
  public static void append(StringBuilder text, String sentences, int columns, String lineEnd) {
    int column = 0;
    for (String word : sentences.split(" ")) {
      if (column > 0 && column + 1 + word.length() > columns) {
        text.append(lineEnd);
        column = 0;
      }
      if (column > 0) {
        text.append(' ');
        column++;
      }
      text.append(word);
      column += word.length();
    }
    text.append(lineEnd);
  }
}
