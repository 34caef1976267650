package io.github.fornada.timeline;

/**
 * One attempt at a task, as a timeline keeps it.
 *
 * @param lane number of the worker that ran it
 * @param start in nanoseconds since the recording began
 * @param duration in nanoseconds
 * @param kind how it ended
 * @param last whether this was the task's outcome; false if a retry followed
 * @param cpu processor time in nanoseconds; negative if unknown
 * @param index position of the item in its input, from 0
 * @param label the item as text; empty once the space for labels is used up
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
