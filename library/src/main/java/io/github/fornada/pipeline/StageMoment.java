package io.github.fornada.pipeline;

import java.time.Duration;

/** What a stage did for a short time. Immutable. */
public final class StageMoment {
  private final Duration from;
  private final Duration to;
  private final int size;
  private final long items;
  private final double busy;
  private final double restarting;
  private final double waitsForRoom;
  private final int queued;

  StageMoment(
      Duration from,
      Duration to,
      int size,
      long items,
      double busy,
      double restarting,
      double waitsForRoom,
      int queued) {
    this.from = from;
    this.to = to;
    this.size = size;
    this.items = items;
    this.busy = busy;
    this.restarting = restarting;
    this.waitsForRoom = waitsForRoom;
    this.queued = queued;
  }

  /** Returns when it began, since the start of the run. */
  public Duration from() {
    return from;
  }

  /** Returns when it ended, since the start of the run. */
  public Duration to() {
    return to;
  }

  /** Returns how many workers the stage had. */
  public int size() {
    return size;
  }

  /** Returns how many items ended in a worker. */
  public long items() {
    return items;
  }

  /** Returns the part of the time in which its workers ran items, from 0 to 1. */
  public double busy() {
    return busy;
  }

  /** Returns the part of the time in which their JVMs were replaced, from 0 to 1. */
  public double restarting() {
    return restarting;
  }

  /** Returns the part of the time in which they waited for room, from 0 to 1. */
  public double waitsForRoom() {
    return waitsForRoom;
  }

  /** Returns the part of the time in which there was no item for them, from 0 to 1. */
  public double waitsForInput() {
    return Math.max(0, 1 - busy - restarting - waitsForRoom);
  }

  /** Returns the most items that have waited for the stage at one time. */
  public int queued() {
    return queued;
  }

  @Override
  public String toString() {
    return "StageMoment[from="
        + from
        + ", to="
        + to
        + ", size="
        + size
        + ", items="
        + items
        + ", busy="
        + busy
        + ", restarting="
        + restarting
        + ", waitsForRoom="
        + waitsForRoom
        + ", queued="
        + queued
        + "]";
  }
}
