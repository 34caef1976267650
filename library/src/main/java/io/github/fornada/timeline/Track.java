package io.github.fornada.timeline;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A snapshot of a timeline, sorted by lane, and by start within a lane. Times are in nanoseconds
 * since the run began.
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

  /** The bars in order, each as its chunk and its position in the chunk. */
  private final int[] order;

  /** Index in {@link #order} of the first bar of each lane. */
  private final int[] laneFrom;

  private final long origin;

  /** The position in {@link #lanes} of each lane, by its number in the recording. */
  private final int[] laneAt;

  Track(Timeline timeline) {
    title = timeline.title();
    Recording recording = timeline.recording();
    summary = Timeline.summary(recording);
    chunks = recording.chunks();
    origin = Timeline.origin(recording, recording.tally());
    failures = recording.failures();
    List<Recording.WorkerStart> started = recording.starts();
    List<Recording.WorkerDeath> died = recording.deaths();

    // Read after the others, so that it has the names of all their lanes.
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
        started.stream()
            .map(s ->
                new Recording.WorkerStart(
                    laneAt[s.lane()], s.from() - origin, s.to() - origin, s.pid()))
            .toList();
    deaths =
        died.stream()
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

  /** Counting sort by lane, then insertion sort: within a lane the bars are nearly in order. */
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

  /** Returns the number of bars. */
  int size() {
    return order.length;
  }

  /** Returns the number of bars in a lane. */
  int size(int lane) {
    return laneFrom[lane + 1] - laneFrom[lane];
  }

  /** Returns the bar at a position of the order, with its lane as in {@link #lanes}. */
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

  /** Compares names as text, and a number at their end as a number. */
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
