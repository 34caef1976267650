package io.github.fornada.timeline;

/**
 * One attempt at a task, as a timeline remembers it.
 *
 * @param lane number of its worker
 * @param start in nanoseconds since the recording began
 * @param duration in nanoseconds
 * @param kind how it ended
 * @param last whether that was the task's outcome; false where a retry followed
 * @param cpu processor time in nanoseconds; negative where unknown
 * @param index place of the item in its input
 * @param label the item as text; empty where the room for labels was used up
 */
record Bar(
    int lane,
    long start,
    long duration,
    Kind kind,
    boolean last,
    float cpu,
    long index,
    String label) {
  long end() {
    return start + duration;
  }
}
