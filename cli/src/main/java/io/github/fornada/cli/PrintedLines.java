package io.github.fornada.cli;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps what tasks print apart from the output of a comparison, which runs them many times: counts
 * the lines, and keeps the first few of each part of the comparison.
 */
final class PrintedLines extends OutputStream {
  private static final int KEPT_LINES = 3;
  private static final int KEPT_BYTES = 200;

  private final Charset charset;

  // Guarded by this: any task may print.
  private final Map<String, Part> parts = new LinkedHashMap<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private boolean midLine;
  private Part current;

  private static final class Part {
    private final List<String> first = new ArrayList<>();
    private long lines;
  }

  /** Creates a collector whose lines belong to the part {@code first} at first. */
  PrintedLines(Charset charset, String first) {
    this.charset = charset;
    this.current = parts.computeIfAbsent(first, name -> new Part());
  }

  /** Lets the lines that end from now on belong to a part, which may have some already. */
  synchronized void begin(String name) {
    current = parts.computeIfAbsent(name, key -> new Part());
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int from, int length) {
    int begin = from;
    int end = from + length;
    while (begin < end) {
      int stop = begin;
      while (stop < end && bytes[stop] != '\n') {
        stop++;
      }
      line.write(bytes, begin, Math.min(stop - begin, KEPT_BYTES - line.size()));
      midLine = stop == end && (midLine || stop > begin);
      if (stop < end) {
        endLine();
      }
      begin = stop + 1;
    }
  }

  private void endLine() {
    current.lines++;
    if (current.first.size() < KEPT_LINES) {
      String text = line.toString(charset).stripTrailing();
      current.first.add(line.size() < KEPT_BYTES ? text : text + "...");
    }
    line.reset();
    midLine = false;
  }

  /** Returns the number of lines of each part that has some. */
  synchronized Map<String, Long> counts() {
    if (midLine) {
      endLine();
    }
    var counts = new LinkedHashMap<String, Long>();
    parts.forEach((name, part) -> {
      if (part.lines > 0) {
        counts.put(name, part.lines);
      }
    });
    return counts;
  }

  /** Returns messages that say who printed what; parts that begin alike share one. */
  synchronized List<String> messages() {
    var alike = new LinkedHashMap<List<String>, List<String>>();
    for (String name : counts().keySet()) {
      Part part = parts.get(name);
      if (part != null) {
        alike
            .computeIfAbsent(part.first, first -> new ArrayList<>())
            .add(name + " " + Words.count(part.lines, "line"));
      }
    }
    var messages = new ArrayList<String>();
    alike.forEach((first, who) ->
        messages.add(
            "fornada: tasks printed ("
                + String.join(", ", who)
                + "); it begins so, and fornada run shows it all:\n  | "
                + String.join("\n  | ", first)));
    return messages;
  }
}
