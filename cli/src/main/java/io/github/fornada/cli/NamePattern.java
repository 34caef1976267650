package io.github.fornada.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name of a file for each item, such as {@code out/{stem}.txt}: a path in which placeholders
 * stand for parts of the item.
 *
 * @param text the pattern as it was given
 */
record NamePattern(String text) {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{([^{}/]*)}");

  /** The placeholders, as the help lists them. */
  private static final List<String> KNOWN = List.of("{}", "{name}", "{stem}", "{n}");

  private static final String MEANINGS =
      "{} is the item, {name} the last part of its path, {stem} that without its ending, {n} its"
          + " number";

  /**
   * Returns whether a path has placeholders.
   *
   * @throws Fault if it has one that there is not, or half of one
   */
  static boolean isMeant(String path) {
    Matcher found = PLACEHOLDER.matcher(path);
    boolean any = false;
    while (found.find()) {
      any = true;
      if (!KNOWN.contains(found.group())) {
        throw Fault.usage(
            "-o: "
                + found.group()
                + " in "
                + path
                + " stands for nothing"
                + meant(found.group())
                + MEANINGS);
      }
    }
    String rest = PLACEHOLDER.matcher(path).replaceAll("");
    int open = rest.indexOf('{');
    if (open >= 0) {
      throw Fault.usage("-o: a { in " + path + " is not closed by a }. " + MEANINGS);
    }
    if (rest.indexOf('}') >= 0) {
      throw Fault.usage("-o: a } in " + path + " has no { before it. " + MEANINGS);
    }
    return any;
  }

  private static String meant(String typed) {
    return Suggestion.of(typed.toLowerCase(Locale.ROOT).replace(" ", ""), KNOWN)
        .map(near -> "; is it " + near + "? ")
        .orElse(". ");
  }

  /**
   * Checks the name of a file that there is only one of.
   *
   * @throws Fault if it has a placeholder for items
   */
  static void mustNotBeMeant(String option, @Nullable Path path) {
    if (path == null) {
      return;
    }
    Matcher found = PLACEHOLDER.matcher(path.toString());
    while (found.find()) {
      if (KNOWN.contains(found.group())) {
        throw Fault.usage(
            option
                + " "
                + path
                + " is one file for all items: "
                + found.group()
                + " is for -o of run, which writes a file for each");
      }
    }
  }

  /** Returns whether the number of an item is all that its name is made of. */
  boolean isNumberOnly() {
    return PLACEHOLDER.matcher(text).results().allMatch(found -> found.group().equals("{n}"));
  }

  /**
   * Returns the name of the file of an item.
   *
   * @param number the place of the item in the inputs, from 1
   * @throws IllegalArgumentException if the item gives no name
   */
  String expand(String item, long number) {
    return PLACEHOLDER
        .matcher(text)
        .replaceAll(found -> Matcher.quoteReplacement(part(found.group(1), item, number)));
  }

  private static String part(String placeholder, String item, long number) {
    return switch (placeholder) {
      case "n" -> Long.toString(number);
      case "name" -> name(item);
      case "stem" -> stem(name(item));
      default -> whole(item);
    };
  }

  private static String whole(String item) {
    if (item.isEmpty() || item.endsWith("/")) {
      throw new IllegalArgumentException(
          "it gives no file name for {}: it " + (item.isEmpty() ? "is empty" : "ends with /"));
    }
    for (String each : item.split("/", -1)) {
      if (each.equals("..")) {
        throw new IllegalArgumentException(
            "it gives no file name for {}: with .. it would leave the folder; use {name} or {n}");
      }
    }
    return item;
  }

  private static String name(String item) {
    String last = item.substring(item.lastIndexOf('/') + 1);
    if (last.isEmpty() || last.equals(".") || last.equals("..")) {
      throw new IllegalArgumentException(
          "it gives no file name: nothing stands after its last /; use {n}");
    }
    return last;
  }

  /** Returns a name without its last ending; a dot that it begins with is not one. */
  private static String stem(String name) {
    int dot = name.lastIndexOf('.');
    String stem = dot > 0 ? name.substring(0, dot) : name;
    if (stem.equals(".") || stem.equals("..")) { // of "..x" and "...": as a folder, another one
      throw new IllegalArgumentException(
          "it gives no file name for {stem}: only dots are before its ending; use {name} or {n}");
    }
    return stem;
  }
}
