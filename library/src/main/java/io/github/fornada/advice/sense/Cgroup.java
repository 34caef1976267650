package io.github.fornada.advice.sense;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The limits that the kernel's control groups put on the processor time of this process. Both
 * versions are read: version 2 has one tree of folders, version 1 one for each resource.
 *
 * @see <a href="https://docs.kernel.org/admin-guide/cgroup-v2.html">Control Group v2</a>
 * @see <a href="https://docs.kernel.org/scheduler/sched-bwc.html">CFS bandwidth control</a>
 */
final class Cgroup {
  /**
   * How often a quota was looked at, and held the group back.
   *
   * @param periods the number of periods so far in which the group ran
   * @param throttled the number of those in which it used its quota up
   */
  record Throttling(long periods, long throttled) {}

  /** The group's folder and those above it, which limit it too; innermost first. */
  private final List<Path> folders;

  private final boolean isVersion2;

  private Cgroup(List<Path> folders, boolean isVersion2) {
    this.folders = folders;
    this.isVersion2 = isVersion2;
  }

  /**
   * Returns the group of this process.
   *
   * @param root the folder that contains {@code proc} and {@code sys}; {@code /} but for tests
   */
  static Cgroup of(Path root) {
    String groups = text(root.resolve("proc/self/cgroup"));
    String mounts = text(root.resolve("proc/self/mountinfo"));
    String ofVersion1 = path(groups, "cpu");
    if (ofVersion1 != null) {
      Mount mount = mount(mounts, "cgroup", "cpu");
      if (mount != null) {
        return new Cgroup(folders(root, mount, ofVersion1), false);
      }
    }
    String ofVersion2 = path(groups, "");
    Mount mount = mount(mounts, "cgroup2", "");
    return ofVersion2 == null || mount == null
        ? new Cgroup(List.of(), true)
        : new Cgroup(folders(root, mount, ofVersion2), true);
  }

  private static String text(Path file) {
    String text = ProcText.read(file);
    return text == null ? "" : text;
  }

  /**
   * Returns the path of the group for a resource in the text of {@code /proc/self/cgroup}; null if
   * there is none.
   *
   * @param resource empty for version 2
   */
  static @Nullable String path(String groups, String resource) {
    for (String line : groups.split("\n", -1)) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3
          && (resource.isEmpty()
              ? parts[0].equals("0") && parts[1].isEmpty()
              : List.of(parts[1].split(",", -1)).contains(resource))) {
        return parts[2];
      }
    }
    return null;
  }

  /**
   * Where a tree of groups is mounted.
   *
   * @param inside the group that is seen there
   * @param at the folder
   */
  record Mount(String inside, String at) {}

  /** Finds a mount in the text of {@code /proc/self/mountinfo}; null if there is none. */
  static @Nullable Mount mount(String mounts, String type, String resource) {
    for (String line : mounts.split("\n", -1)) {
      int dash = line.indexOf(" - ");
      if (dash < 0) {
        continue;
      }
      String[] before = line.substring(0, dash).split(" ", -1);
      String[] after = line.substring(dash + 3).split(" ", -1);
      if (before.length >= 5
          && after.length >= 3
          && after[0].equals(type)
          && (resource.isEmpty() || List.of(after[2].split(",", -1)).contains(resource))) {
        return new Mount(before[3], before[4]);
      }
    }
    return null;
  }

  private static List<Path> folders(Path root, Mount mount, String group) {
    Path top = root.resolve(mount.at().substring(1));
    String inside = mount.inside().equals("/") ? "" : mount.inside();
    String below =
        group.startsWith(inside) ? group.substring(inside.length()) : ""; // another namespace's
    List<Path> folders = new ArrayList<>();
    Path folder = below.length() > 1 ? top.resolve(below.substring(1)).normalize() : top;
    while (folder != null && folder.startsWith(top)) {
      folders.add(folder);
      folder = folder.getParent();
    }
    return folders;
  }

  /** Returns the quota in processors: the smallest on the way up; infinite if there is none. */
  double quota() {
    double quota = Double.POSITIVE_INFINITY;
    for (Path folder : folders) {
      quota =
          Math.min(
              quota,
              isVersion2
                  ? quota(ProcText.read(folder.resolve("cpu.max")))
                  : quota(
                      ProcText.read(folder.resolve("cpu.cfs_quota_us")),
                      ProcText.read(folder.resolve("cpu.cfs_period_us"))));
    }
    return quota;
  }

  /** Returns the quota in the text of {@code cpu.max}, such as {@code 150000 100000}. */
  static double quota(@Nullable String max) {
    String[] parts = max == null ? new String[0] : max.strip().split(" ", -1);
    return parts.length == 2 ? quota(parts[0], parts[1]) : Double.POSITIVE_INFINITY;
  }

  static double quota(@Nullable String quota, @Nullable String period) {
    long some = quota == null ? -1 : NativeThread.number(quota, 0);
    long all = period == null ? -1 : NativeThread.number(period, 0);
    return some <= 0 || all <= 0 ? Double.POSITIVE_INFINITY : (double) some / all;
  }

  /** Returns what happened to the group or one above it; null if that cannot be read. */
  @Nullable Throttling throttling() {
    Throttling most = null;
    for (Path folder : folders) {
      String text = ProcText.read(folder.resolve("cpu.stat"));
      Throttling found = text == null ? null : throttling(text);
      if (found != null && (most == null || found.throttled() > most.throttled())) {
        most = found;
      }
    }
    return most;
  }

  /** Reads the text of {@code cpu.stat}, which begins alike in both versions. */
  static @Nullable Throttling throttling(String text) {
    long periods = value(text, "nr_periods ");
    long throttled = value(text, "nr_throttled ");
    return periods < 0 || throttled < 0 ? null : new Throttling(periods, throttled);
  }

  private static long value(String text, String name) {
    int from = text.startsWith(name) ? 0 : text.indexOf("\n" + name) + 1;
    return from == 0 && !text.startsWith(name)
        ? -1
        : NativeThread.number(text.substring(from + name.length()), 0);
  }

  /**
   * Returns the microseconds so far in which something waited for a processor; -1 if unknown.
   *
   * @param ofMachine the file to read if the group has none
   */
  long pressureMicros(Path ofMachine) {
    if (isVersion2 && !folders.isEmpty()) {
      long found = pressureMicros(ProcText.read(folders.getFirst().resolve("cpu.pressure")));
      if (found >= 0) {
        return found;
      }
    }
    return pressureMicros(ProcText.read(ofMachine));
  }

  static long pressureMicros(@Nullable String text) {
    if (text == null || !text.startsWith("some ")) {
      return -1;
    }
    int at = text.indexOf("total=");
    return at < 0 ? -1 : NativeThread.number(text.substring(at + "total=".length()), 0);
  }
}
