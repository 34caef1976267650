package io.github.fornada.timeline;

import io.github.fornada.timeline.WallsPicture.Dot;
import io.github.fornada.timeline.WallsPicture.Walls;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Draws a {@link WallsPicture}: both axes are logarithmic, so that a wall is a straight line. */
final class WallsSection {
  private static final double WIDTH = 560;
  private static final double HEIGHT = 360;
  private static final double LEFT = 62;
  private static final double RIGHT = 14;
  private static final double TOP = 12;
  private static final double BOTTOM = 46;

  /** How far beyond the last point of interest the axes go, as a factor. */
  private static final double MARGIN = 1.6;

  /** How many powers of ten the rates may span; slower ones are drawn at the lower edge. */
  private static final double DECADES = 4;

  private final WallsPicture picture;
  private final Walls walls;
  private final double most;
  private final double high;
  private final double low;

  private WallsSection(WallsPicture picture) {
    this.picture = picture;
    walls = picture.walls();
    double alone = one();
    double lowest = lowest();
    double knee = Double.isFinite(lowest) ? lowest / alone : 1;
    double largest = Math.max(4, knee);
    double fastest = Math.max(alone, Double.isFinite(lowest) ? lowest : 0);
    double slowest = alone;
    for (Dot dot : picture.dots()) {
      largest = Math.max(largest, dot.inFlight());
      if (dot.rate() > 0) {
        fastest = Math.max(fastest, dot.rate());
        slowest = Math.min(slowest, dot.rate());
      }
    }
    most = largest * MARGIN;
    high = fastest * MARGIN * 1.25;
    low = Math.max(slowest / MARGIN, high / Math.pow(10, DECADES));
  }

  /** The section; empty without a picture. */
  static String of(@Nullable WallsPicture picture) {
    return picture == null ? "" : new WallsSection(picture).section();
  }

  private String section() {
    return Template.of("walls.html")
        .fill(
            Map.of(
                "chart", chart(),
                "legend", legend(),
                "split", split(),
                "splitLegend", splitLegend(),
                "dots", dotRows(),
                "steps", steps()));
  }

  // ---- the walls

  /** What one item in flight gives. */
  private double one() {
    return 1 / (walls.cpu() + walls.away());
  }

  private double ofCores() {
    return walls.cpu() > 0 ? walls.cores() / walls.cpu() : Double.POSITIVE_INFINITY;
  }

  private double ofLock() {
    return walls.lock() > 0 ? 1 / walls.lock() : Double.POSITIVE_INFINITY;
  }

  /** The lowest of the level walls. */
  private double lowest() {
    return Math.min(Math.min(ofCores(), ofLock()), walls.capacity());
  }

  // ---- the chart

  private double x(double inFlight) {
    return LEFT + (WIDTH - LEFT - RIGHT) * Math.log(inFlight) / Math.log(most);
  }

  private double y(double rate) {
    double part = Math.log(Math.max(low, rate) / low) / Math.log(high / low);
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * Math.min(1, part);
  }

  private String chart() {
    var out = new StringBuilder();
    grid(out);
    possible(out);
    double turn = Math.clamp(high / one(), 1, most);
    line(out, "wall-flight", 1, one(), turn, turn * one());
    level(out, "wall-cores", ofCores());
    level(out, "wall-lock", ofLock());
    level(out, "wall-other", walls.capacity());
    double lowest = lowest();
    if (Double.isFinite(lowest) && lowest > one() && lowest < high) {
      double knee = lowest / one();
      out.append(
          format(
              "<line class=\"knee\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
              x(knee), y(lowest), x(knee), HEIGHT - BOTTOM));
    }
    for (Dot dot : picture.dots()) {
      if (dot.rate() > 0) {
        String name =
            Escapes.html(dot.setting()) + ": " + Escapes.html(rate(dot.rate())) + " a second";
        out.append(
            format(
                "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"><title>%s</title></circle>",
                dot.chosen() ? "dot chosen" : "dot",
                x(dot.inFlight()),
                y(dot.rate()),
                dot.chosen() ? 8 : 5,
                name));
      }
    }
    return out.toString();
  }

  private void grid(StringBuilder out) {
    for (double rate : ticks(low, high)) {
      line(out, "grid", 1, rate, most, rate);
      out.append(
          format(
              "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
              LEFT - 7, y(rate) + 4.5, Escapes.html(rate(rate))));
    }
    for (double n : ticks(1, most)) {
      line(out, "grid", n, low, n, high);
      out.append(
          format(
              "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
              x(n), HEIGHT - BOTTOM + 18, Escapes.html(rate(n))));
    }
    out.append(
        format(
            "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">items in flight</text>",
            WIDTH - RIGHT, HEIGHT - 8));
    out.append(
        format(
            "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">items a second</text>",
            LEFT + 8, TOP + 14));
  }

  /** Powers of ten; halves and fifths of them too, where there are few. */
  private static List<Double> ticks(double from, double to) {
    double decades = Math.log10(to / from);
    double[] steps =
        decades > 3.2
            ? new double[] {1}
            : decades > 1.2 ? new double[] {1, 3} : new double[] {1, 2, 5};
    var ticks = new ArrayList<Double>();
    for (int e = (int) Math.floor(Math.log10(from)); e <= Math.log10(to); e++) {
      for (double step : steps) {
        double tick = step * Math.pow(10, e);
        if (tick >= from * 0.999 && tick <= to) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }

  /** What lies below all walls. */
  private void possible(StringBuilder out) {
    double lowest = Math.min(lowest(), high);
    double knee = Math.clamp(lowest / one(), 1, most);
    out.append(
        format(
            "<path class=\"possible\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fL%.1f %.1fL%.1f %.1fz\"/>",
            x(1),
            HEIGHT - BOTTOM,
            x(1),
            y(Math.min(one(), lowest)),
            x(knee),
            y(Math.min(lowest, knee * one())),
            x(most),
            y(Math.min(lowest, most * one())),
            x(most),
            HEIGHT - BOTTOM));
  }

  private void level(StringBuilder out, String kind, double rate) {
    if (rate < high) {
      line(out, kind, 1, rate, most, rate);
    }
  }

  private void line(StringBuilder out, String kind, double n1, double r1, double n2, double r2) {
    out.append(
        format(
            "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
            kind, x(n1), y(r1), x(n2), y(r2)));
  }

  // ---- words and figures

  private String legend() {
    var out = new StringBuilder();
    entry(
        out,
        "wall-flight",
        "in flight: each more adds "
            + rate(one())
            + " a second, as an item takes "
            + time(walls.cpu() + walls.away())
            + " alone");
    if (Double.isFinite(ofCores())) {
      entry(
          out,
          "wall-cores",
          format("cores: %s of them give %s a second", rate(walls.cores()), rate(ofCores())));
    }
    if (Double.isFinite(ofLock())) {
      entry(
          out,
          "wall-lock",
          format("the lock: held for %s an item, %s a second", time(walls.lock()), rate(ofLock())));
    }
    if (Double.isFinite(walls.capacity())) {
      entry(
          out,
          "wall-other",
          "the other side: gave no more than " + rate(walls.capacity()) + " a second");
    }
    return out.toString();
  }

  private static void entry(StringBuilder out, String kind, String text) {
    out.append(format("<li class=\"%s\">%s</li>", kind, Escapes.html(text)));
  }

  /** The parts of an item's time, as parts of a bar of 1000. */
  private String split() {
    double locked = Math.min(walls.lock(), walls.cpu() + walls.away());
    double cpu = Math.max(0, walls.cpu() - Math.min(locked, walls.cpu()));
    double wait = Math.max(0, walls.cpu() + walls.away() - locked - cpu);
    double whole = Math.max(1e-12, cpu + wait + locked);
    var out = new StringBuilder();
    double from = 0;
    double[] parts = {cpu, locked, wait};
    String[] kinds = {"part-cpu", "part-lock", "part-wait"};
    for (int i = 0; i < parts.length; i++) {
      double width = 1000 * parts[i] / whole;
      if (width > 0.5) {
        out.append(
            format(
                "<rect class=\"%s\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"40\"/>",
                kinds[i], from, width));
      }
      from += width;
    }
    return out.toString();
  }

  private String splitLegend() {
    double locked = Math.min(walls.lock(), walls.cpu() + walls.away());
    double cpu = Math.max(0, walls.cpu() - Math.min(locked, walls.cpu()));
    double wait = Math.max(0, walls.cpu() + walls.away() - locked - cpu);
    var out = new StringBuilder();
    entry(out, "part-cpu", "computes " + time(cpu));
    if (locked > 0) {
      entry(out, "part-lock", "holds the lock " + time(locked));
    }
    entry(out, "part-wait", "waits " + time(wait));
    return out.toString();
  }

  private String dotRows() {
    var out = new StringBuilder();
    for (Dot dot : picture.dots()) {
      out.append(
          format(
              "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">%s%s</th>"
                  + "<td role=\"cell\" data-title=\"items a second\">%s</td>"
                  + "<td role=\"cell\" data-title=\"measured with\">%s</td></tr>%n",
              Escapes.html(dot.setting()),
              dot.chosen() ? " <span class=\"advised\">chosen</span>" : "",
              Escapes.html(dot.rate() > 0 ? rate(dot.rate()) : "-"),
              Escapes.html(Figures.count(dot.items(), "item", "items"))));
    }
    return out.toString();
  }

  private String steps() {
    if (picture.steps().isEmpty()) {
      return "<li>One item after the other, from the beginning to the end.</li>";
    }
    var out = new StringBuilder();
    for (String step : picture.steps()) {
      out.append("<li>").append(Escapes.html(step)).append("</li>");
    }
    return out.toString();
  }

  private static String time(double seconds) {
    return Figures.duration(Math.round(seconds * 1e9));
  }

  private static String rate(double value) {
    if (value >= 1e6) {
      return format("%.3gM", value / 1e6).replaceAll("\\.0+M", "M");
    }
    if (value >= 9.95) {
      return format("%,.0f", value);
    }
    return value >= 0.995 ? format("%.1f", value).replace(".0", "") : format("%.2f", value);
  }

  @SuppressWarnings("AnnotateFormatMethod") // its annotation is no part of the JDK
  private static String format(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
  }
}
