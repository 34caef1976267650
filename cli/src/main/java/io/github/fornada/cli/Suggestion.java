package io.github.fornada.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Suggests a word that the user probably meant. */
final class Suggestion {
  /** The maximum number of edits; with more, a suggestion would be a guess. */
  private static final int MAX_EDITS = 2;

  private Suggestion() {}

  /**
   * Returns the known word nearest to what was typed, if one is near enough: of two letters both
   * must be right, of three or four all but one.
   */
  static Optional<String> of(String typed, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(word -> edits(typed, word)))
        .filter(word -> {
          int letters = Math.max(typed.length(), word.length());
          return edits(typed, word) <= Math.min(MAX_EDITS, (letters - 1) / 2);
        });
  }

  /**
   * Returns the number of letters to change, add, leave out, or swap with their neighbour: the
   * Damerau-Levenshtein distance.
   */
  static int edits(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
