package io.github.fornada.timeline;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes timelines as one self-contained HTML file: tasks drawn on a common time scale, a table of
 * figures, durations, and failures with their stacks.
 *
 * <p>The file can be opened from disk. It loads nothing: a content security policy in it forbids
 * that. All text of users is escaped. Its size is about 10 bytes for each task, and the labels.
 *
 * <p>Not thread-safe. The timelines may still be recording while the file is written.
 */
public final class HtmlReport {
  static final List<String> SCRIPTS =
      List.of(
          "format.js",
          "data.js",
          "view.js",
          "paint.js",
          "panel.js",
          "input.js",
          "histogram.js",
          "main.js");

  /** Titles of the first column. */
  private static final String STAGE = "stage";

  private static final String MODEL = "model";

  private record Run(Timeline timeline, Map<String, String> figures) {}

  private final String title;
  private final List<Run> runs = new ArrayList<>();
  private final List<String> sentences = new ArrayList<>();
  private final List<BandSection.Band> bands = new ArrayList<>();
  private @Nullable WallsPicture walls;

  private @Nullable Timeline recommended;
  private @Nullable Timeline bottleneck;
  private String caption = "";

  /** Creates a report without runs; {@code title} is the heading of the page. */
  public HtmlReport(String title) {
    this.title = Objects.requireNonNull(title, "title");
  }

  /**
   * Adds a run below those already added.
   *
   * @param timeline the run to draw
   * @param figures the cells of its row in the table, by column title. Columns appear in the order
   *     in which they are first named. The first cell is the figure called {@code stage}, if a run
   *     has one; else the figure called {@code model}; else the title of {@code timeline}.
   * @return this report
   */
  public HtmlReport add(Timeline timeline, Map<String, String> figures) {
    Objects.requireNonNull(timeline, "timeline");
    runs.add(new Run(timeline, Collections.unmodifiableMap(new LinkedHashMap<>(figures))));
    return this;
  }

  /**
   * Adds sentences below the heading.
   *
   * @return this report
   */
  public HtmlReport withText(List<String> text) {
    sentences.addAll(text);
    return this;
  }

  /**
   * Marks a run as the one to recommend: beside the sentences, which say why, in the table, and
   * above its timeline.
   *
   * @param timeline one of the runs
   * @return this report
   */
  public HtmlReport withRecommended(Timeline timeline) {
    recommended = Objects.requireNonNull(timeline, "timeline");
    return this;
  }

  /**
   * Marks a run as the stage of a pipeline that holds the others up: in the table, and above its
   * timeline.
   *
   * @param timeline one of the runs
   * @return this report
   */
  public HtmlReport withBottleneck(Timeline timeline) {
    bottleneck = Objects.requireNonNull(timeline, "timeline");
    return this;
  }

  /**
   * Sets a sentence below the table of figures, such as which of several rounds they are of.
   *
   * @return this report
   */
  public HtmlReport withCaption(String text) {
    caption = Objects.requireNonNull(text, "text");
    return this;
  }

  /**
   * Adds a band for a stage of a pipeline, above the runs and below the bands already added: what
   * its workers did over time, and how many items waited for it.
   *
   * @param name the name of the stage
   * @param facts its figures, in a few words
   * @param slices what it did, in the order of time
   * @return this report
   */
  public HtmlReport withBand(String name, String facts, List<BandSlice> slices) {
    bands.add(
        new BandSection.Band(
            Objects.requireNonNull(name, "name"),
            Objects.requireNonNull(facts, "facts"),
            List.copyOf(slices)));
    return this;
  }

  /**
   * Adds a section about what limits the rate, above the timelines; another call replaces it.
   *
   * @return this report
   */
  public HtmlReport withWalls(WallsPicture picture) {
    walls = Objects.requireNonNull(picture, "picture");
    return this;
  }

  /**
   * Writes the page to {@code file}, replacing an existing file.
   *
   * @throws IOException if the file cannot be written; an incomplete file may be left behind
   */
  public void write(Path file) throws IOException {
    try (Writer out = Files.newBufferedWriter(file)) {
      writeTo(out);
    }
  }

  /**
   * Writes the page to {@code out}. The page declares UTF-8, so it must be stored as UTF-8.
   *
   * @throws IOException if {@code out} throws it
   */
  public void writeTo(Appendable out) throws IOException {
    List<Track> tracks = runs.stream().map(run -> new Track(run.timeline())).toList();
    String style = Template.read("report.css") + Template.read("walls.css") + rows();
    String script = script();
    var values = new LinkedHashMap<String, String>();
    values.put("title", Escapes.html(title));
    values.put("policy", policy(style, script));
    values.put("style", style);
    values.put("script", script);
    values.put("verdict", verdict());
    values.put("figures", figures(tracks));
    values.put("walls", WallsSection.of(walls));
    values.put("stages", BandSection.of(bands));
    values.put("scale", runs.size() > 1 ? ", every run on the same scale" : "");
    values.put("runs", runs(tracks));
    values.put("histograms", histograms(tracks));
    values.put("failures", FailureSection.of(tracks));
    values.put("provenance", Escapes.html(provenance()));
    Template.of("report.html").write(out, values);
  }

  private static String script() {
    var all = new StringBuilder("(() => {\n\"use strict\";\n");
    SCRIPTS.forEach(name -> all.append(Template.read(name)).append('\n'));
    return all.append("})();\n").toString();
  }

  private static String policy(String style, String script) {
    return "default-src 'none'; style-src '"
        + hash(style)
        + "'; script-src '"
        + hash(script)
        + "'; img-src data:; base-uri 'none'; form-action 'none'";
  }

  private static String hash(String text) {
    try {
      byte[] sum =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(sum);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /**
   * Returns the number of rows that the table has on a phone, where each run is a column, as a
   * style: what a page may have as style is named by its hash, so none can stand at an element.
   */
  private String rows() {
    return "table { --rows: " + (columns().size() + 1) + "; }\n";
  }

  private boolean isRecommended(int run) {
    return runs.get(run).timeline().equals(recommended);
  }

  private boolean isBottleneck(int run) {
    return runs.get(run).timeline().equals(bottleneck);
  }

  /** Returns what to do, if that is known, and the sentences that say why. */
  private String verdict() {
    var out = new StringBuilder();
    for (int i = 0; i < runs.size(); i++) {
      if (isRecommended(i)) {
        out.append("<p class=\"choice\"><span>Recommended</span> <a href=\"#run-")
            .append(i)
            .append("\"><bdi>")
            .append(Escapes.html(runs.get(i).timeline().title()))
            .append("</bdi></a></p>\n");
      }
    }
    for (String sentence : sentences) {
      out.append("<p>").append(Escapes.html(sentence)).append("</p>\n");
    }
    return out.isEmpty() ? "" : "<div class=\"lead\">\n" + out + "</div>";
  }

  private Set<String> columns() {
    Set<String> columns = new LinkedHashSet<>();
    runs.forEach(run -> columns.addAll(run.figures().keySet()));
    columns.removeIf(head()::equalsIgnoreCase);
    return columns;
  }

  /** Returns the title of the first column, which names the runs. */
  private String head() {
    boolean stages =
        runs.stream()
            .flatMap(run -> run.figures().keySet().stream())
            .anyMatch(STAGE::equalsIgnoreCase);
    return stages ? STAGE : MODEL;
  }

  /** Returns the section with the table; empty for one run without figures. */
  private String figures(List<Track> tracks) {
    String note = caption.isEmpty() ? "" : "<p class=\"note\">" + Escapes.html(caption) + "</p>";
    return runs.size() == 1 && columns().isEmpty() && note.isEmpty()
        ? ""
        : Template.of("figures.html").fill(Map.of("table", table(tracks), "caption", note));
  }

  private String table(List<Track> tracks) {
    Set<String> columns = columns();
    String head = head();
    var out = new StringBuilder();
    out.append("<thead role=\"rowgroup\"><tr role=\"row\">");
    out.append("<th role=\"columnheader\" scope=\"col\">").append(head).append("</th>");
    columns.forEach(column ->
        out.append("<th role=\"columnheader\" scope=\"col\">")
            .append(Escapes.html(column))
            .append("</th>"));
    out.append("</tr></thead>\n<tbody role=\"rowgroup\">\n");
    for (int i = 0; i < runs.size(); i++) {
      Map<String, String> figures = runs.get(i).figures();
      String name = tracks.get(i).title;
      for (Map.Entry<String, String> figure : figures.entrySet()) {
        name = head.equalsIgnoreCase(figure.getKey()) ? figure.getValue() : name;
      }
      String mark = isRecommended(i) ? "best" : isBottleneck(i) ? "slow" : "";
      out.append(mark.isEmpty() ? "<tr" : "<tr class=\"" + mark + "\"")
          .append(" role=\"row\">")
          .append("<th role=\"rowheader\" scope=\"row\"><a href=\"#run-")
          .append(i)
          .append("\">")
          .append(Escapes.html(name))
          .append("</a>")
          .append(badge(i))
          .append("</th>");
      for (String column : columns) {
        out.append("<td role=\"cell\" data-title=\"")
            .append(Escapes.html(column))
            .append("\">")
            .append(Escapes.html(figures.getOrDefault(column, "")))
            .append("</td>");
      }
      out.append("</tr>\n");
    }
    return out.append("</tbody>").toString();
  }

  private String badge(int run) {
    return isRecommended(run)
        ? " <span class=\"badge\">recommended</span>"
        : isBottleneck(run) ? " <span class=\"badge slow\">bottleneck</span>" : "";
  }

  private String runs(List<Track> tracks) {
    Template template = Template.of("run.html");
    var out = new StringBuilder();
    for (int i = 0; i < tracks.size(); i++) {
      Track track = tracks.get(i);
      String facts = RunText.facts(track);
      out.append(
          template.fill(
              Map.of(
                  "number", String.valueOf(i),
                  "title", Escapes.html(track.title),
                  "badge", badge(i),
                  "facts", Escapes.html(facts),
                  "outcomes", RunText.outcomes(track.summary),
                  "note", Escapes.html(RunText.note(track)),
                  "meta", RunText.meta(track),
                  "bars", PackedBars.bars(track),
                  "labels", PackedBars.labels(track))));
    }
    return out.toString();
  }

  private static String histograms(List<Track> tracks) {
    Template template = Template.of("histogram.html");
    var out = new StringBuilder();
    for (int i = 0; i < tracks.size(); i++) {
      Track track = tracks.get(i);
      out.append(
          template.fill(
              Map.of(
                  "number", String.valueOf(i),
                  "title", Escapes.html(track.title),
                  "facts", Escapes.html(RunText.durations(track.summary)))));
    }
    return out.toString();
  }

  private static String provenance() {
    return "Written by Fornada on "
        + DateTimeFormatter.ofPattern("uuuu-MM-dd 'at' HH:mm 'UTC'")
            .format(ZonedDateTime.now(ZoneOffset.UTC))
        + ", on "
        + Figures.count(Runtime.getRuntime().availableProcessors(), "processor", "processors")
        + ", "
        + System.getProperty("os.name")
        + ", Java "
        + System.getProperty("java.version")
        + ".";
  }
}
