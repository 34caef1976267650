package io.github.fornada.timeline;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes timelines in the Chrome trace event format, which Perfetto and {@code chrome://tracing}
 * open: a process for each timeline, a thread for each worker, a slice for each task.
 *
 * <p>The format is described in "Trace Event Format" by the Chromium project. Times in it are in
 * microseconds and start at 0 for each run, so that runs can be compared one below the other.
 */
public final class ChromeTrace {
  private ChromeTrace() {}

  /**
   * Writes the timelines to {@code file}, replacing an existing file. The timelines may still be
   * recording.
   *
   * @throws IOException if the file cannot be written; an incomplete file may be left behind
   */
  public static void write(Path file, List<Timeline> timelines) throws IOException {
    try (Writer out = Files.newBufferedWriter(file)) {
      out.write("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
      String separator = "\n";
      for (int i = 0; i < timelines.size(); i++) {
        out.write(separator);
        write(out, i + 1, new Track(timelines.get(i)));
        separator = ",\n";
      }
      out.write("\n]}\n");
    }
  }

  private static void write(Writer out, int pid, Track track) throws IOException {
    out.write(metadata("process_name", pid, 0, "\"name\":" + Escapes.json(track.title)));
    out.write(",\n" + metadata("process_sort_index", pid, 0, "\"sort_index\":" + pid));
    for (int lane = 0; lane < track.lanes.size(); lane++) {
      String name = Escapes.json(track.lanes.get(lane));
      out.write(",\n" + metadata("thread_name", pid, lane + 1, "\"name\":" + name));
      out.write(",\n" + metadata("thread_sort_index", pid, lane + 1, "\"sort_index\":" + lane));
    }
    for (Recording.WorkerStart start : track.starts) {
      String args = "\"pid\":" + start.pid();
      out.write(
          ",\n"
              + slice(
                  "worker starts", "worker", pid, start.lane(), start.from(), start.to(), args));
    }
    for (int i = 0; i < track.size(); i++) {
      Bar bar = track.bar(i);
      String name = bar.label().isEmpty() ? "item " + bar.index() : bar.label();
      var args = new StringBuilder("\"item\":").append(bar.index());
      args.append(",\"outcome\":\"").append(bar.kind().words).append('"');
      if (!bar.last()) {
        args.append(",\"retried\":true");
      }
      if (bar.cpu() >= 0) {
        args.append(",\"cpuMicros\":").append(micros((long) bar.cpu()));
      }
      out.write(",\n" + slice(name, "task", pid, bar.lane(), bar.start(), bar.end(), args));
    }
  }

  private static String metadata(String what, int pid, int tid, String args) {
    return "{\"ph\":\"M\",\"name\":\""
        + what
        + "\",\"pid\":"
        + pid
        + ",\"tid\":"
        + tid
        + ",\"args\":{"
        + args
        + "}}";
  }

  private static String slice(
      String name, String category, int pid, int lane, long from, long to, CharSequence args) {
    return "{\"ph\":\"X\",\"name\":"
        + Escapes.json(name)
        + ",\"cat\":\""
        + category
        + "\",\"pid\":"
        + pid
        + ",\"tid\":"
        + (lane + 1)
        + ",\"ts\":"
        + micros(from)
        + ",\"dur\":"
        + micros(to - from)
        + ",\"args\":{"
        + args
        + "}}";
  }

  /** Returns nanoseconds as microseconds with three decimals. */
  private static String micros(long nanos) {
    String digits = String.valueOf(Math.abs(nanos) % 1000 + 1000).substring(1);
    return (nanos < 0 ? "-" : "") + Math.abs(nanos) / 1000 + "." + digits;
  }
}
