package io.github.fornada.timeline;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A timeline as of one moment, in order: lane by lane, and by start within a lane. Times are in
 * nanoseconds since the run began.
 */
final class Track {
  final String title;
  final TimelineSummary summary;

  /** Names of workers, in the order of their numbers: worker-2 before worker-10. */
  final List<String> lanes;

  final List<Failure> failures;
  final List<Recording.WorkerStart> starts;
  final List<Recording.WorkerDeath> deaths;

  private final List<Chunk> chunks;

  /** Bars as chunk and place in it, in order; and where each lane's bars begin. */
  private final int[] order;

  private final int[] laneFrom;
  private final long origin;

  private final int[] laneAt;

  Track(Timeline timeline) {
    title = timeline.title();
    Recording recording = timeline.recording();
    summary = Timeline.summary(recording);
    chunks = recording.chunks();
    origin = Timeline.origin(recording, recording.tally());
    failures = recording.failures();

    // After the chunks, so that it names all their lanes.
    List<String> names = recording.lanes.names();
    List<Integer> sorted = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      sorted.add(i);
    }
    sorted.sort(Comparator.comparing(names::get, Track::compareNames));
    lanes = sorted.stream().map(names::get).toList();
    laneAt = new int[names.size()];
    for (int i = 0; i < sorted.size(); i++) {
      laneAt[sorted.get(i)] = i;
    }
    starts =
        recording.starts().stream()
            .map(s ->
                new Recording.WorkerStart(
                    laneAt[s.lane()], s.from() - origin, s.to() - origin, s.pid()))
            .toList();
    deaths =
        recording.deaths().stream()
            .map(d -> new Recording.WorkerDeath(laneAt[d.lane()], d.at() - origin, d.manner()))
            .toList();

    laneFrom = new int[lanes.size() + 1];
    for (Chunk chunk : chunks) {
      for (int i = 0; i < chunk.size(); i++) {
        laneFrom[laneAt[chunk.lane(i)] + 1]++;
      }
    }
    for (int i = 0; i < lanes.size(); i++) {
      laneFrom[i + 1] += laneFrom[i];
    }
    order = new int[laneFrom[lanes.size()]];
    sort();
  }

  /** By lane through counting; within a lane the bars come nearly in order already. */
  private void sort() {
    int[] next = laneFrom.clone();
    for (int c = 0; c < chunks.size(); c++) {
      Chunk chunk = chunks.get(c);
      for (int i = 0; i < chunk.size(); i++) {
        int lane = laneAt[chunk.lane(i)];
        int place = next[lane]++;
        int bar = (c << Chunk.SHIFT) | i;
        long start = chunk.start(i);
        while (place > laneFrom[lane] && start(order[place - 1]) > start) {
          order[place] = order[place - 1];
          place--;
        }
        order[place] = bar;
      }
    }
  }

  private long start(int bar) {
    return chunks.get(bar >>> Chunk.SHIFT).start(bar & (Chunk.SIZE - 1));
  }

  /** How many bars there are. */
  int size() {
    return order.length;
  }

  /** How many bars a lane has. */
  int size(int lane) {
    return laneFrom[lane + 1] - laneFrom[lane];
  }

  /** The bar at a place of the order, with its lane as in {@link #lanes}. */
  Bar bar(int i) {
    int at = order[i];
    Bar bar = chunks.get(at >>> Chunk.SHIFT).bar(at & (Chunk.SIZE - 1));
    return new Bar(
        laneAt[bar.lane()],
        bar.start() - origin,
        bar.duration(),
        bar.kind(),
        bar.last(),
        bar.cpu(),
        bar.index(),
        bar.label());
  }

  /** Names with numbers at their end by those numbers, all else as text. */
  private static int compareNames(String a, String b) {
    int stemA = stem(a);
    int stemB = stem(b);
    int byStem = a.substring(0, stemA).compareTo(b.substring(0, stemB));
    if (byStem != 0) {
      return byStem;
    }
    // Without leading zeros the longer number is the larger one.
    int byLength = Integer.compare(a.length() - stemA, b.length() - stemB);
    return byLength != 0 ? byLength : a.compareTo(b);
  }

  private static int stem(String name) {
    int i = name.length();
    while (i > 0 && name.charAt(i - 1) >= '0' && name.charAt(i - 1) <= '9') {
      i--;
    }
    return i;
  }
}
