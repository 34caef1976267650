package io.github.fornada.timeline;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The bands of stages: what each did when, and how many items waited for it. */
final class BandSection {
  private static final int WIDTH = 1000;
  private static final int HEIGHT = 100;

  /** One stage. */
  record Band(String name, String facts, List<BandSlice> slices) {
    int deepest() {
      return slices.stream().mapToInt(BandSlice::queued).max().orElse(0);
    }
  }

  private BandSection() {}

  /** The section; empty if there are no bands. */
  static String of(List<Band> bands) {
    if (bands.isEmpty()) {
      return "";
    }
    Duration end = Duration.ZERO;
    for (Band band : bands) {
      for (BandSlice slice : band.slices()) {
        end = slice.to().compareTo(end) > 0 ? slice.to() : end;
      }
    }
    Template template = Template.of("band.html");
    var all = new StringBuilder();
    for (Band band : bands) {
      int deepest = band.deepest();
      String queue = deepest == 0 ? "no queue seen" : "queue of " + deepest + " at most";
      all.append(
          template.fill(
              Map.of(
                  "name", Escapes.html(band.name()),
                  "facts", Escapes.html(band.facts()),
                  "queue", Escapes.html(queue),
                  "busy", shares(band, end, s -> 0.0, BandSlice::busy),
                  "restart", shares(band, end, BandSlice::busy, BandSlice::restarting),
                  "room",
                      shares(band, end, s -> s.busy() + s.restarting(), BandSlice::waitsForRoom),
                  "depth", depth(band, end, Math.max(1, deepest)))));
    }
    return Template.of("bands.html")
        .fill(
            Map.of(
                "bands", all.toString(),
                "half", Escapes.html(Figures.duration(end.toNanos() / 2)),
                "end", Escapes.html(Figures.duration(end.toNanos()))));
  }

  /** The path of a share of each slice, on top of those below it. */
  private static String shares(
      Band band,
      Duration end,
      ToDoubleFunction<BandSlice> below,
      ToDoubleFunction<BandSlice> part) {
    var path = new StringBuilder();
    for (BandSlice slice : band.slices()) {
      double low = below.applyAsDouble(slice);
      double share = part.applyAsDouble(slice);
      if (share > 0.002) {
        rectangle(path, slice, end, HEIGHT * (1 - low), HEIGHT * Math.max(0, 1 - low - share));
      }
    }
    return path.toString();
  }

  private static String depth(Band band, Duration end, int deepest) {
    var path = new StringBuilder();
    for (BandSlice slice : band.slices()) {
      if (slice.queued() > 0) {
        rectangle(path, slice, end, HEIGHT, HEIGHT * (1 - slice.queued() / (double) deepest));
      }
    }
    return path.toString();
  }

  private static void rectangle(
      StringBuilder path, BandSlice slice, Duration end, double bottom, double top) {
    double scale = WIDTH / (double) Math.max(1, end.toNanos());
    path.append(
        String.format(
            Locale.ROOT,
            "M%.2f %.1fH%.2fV%.1fH%.2fz",
            slice.from().toNanos() * scale,
            bottom,
            slice.to().toNanos() * scale,
            top,
            slice.from().toNanos() * scale));
  }
}
