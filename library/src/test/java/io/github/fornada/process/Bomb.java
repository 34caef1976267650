package io.github.fornada.process;

import io.github.fornada.process.wire.Doorbell;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** An item that does something harmful at a given place; without a way it is harmless. */
final class Bomb implements Serializable {
  private static final int LARGE = 3 << 20; // three times a ring

  final int number;
  final Way way;
  final Place place;
  final byte[] ballast;

  Bomb(int number, Way way, Place place) {
    this.number = number;
    this.way = way;
    this.place = place;
    this.ballast = new byte[place == Place.LARGE_ARGUMENT_IN_FLIGHT ? LARGE : 1];
  }

  static Bomb harmless(int number) {
    return new Bomb(number, null, Place.TASK);
  }

  private boolean goesOffAt(Place here) {
    return way != null && place == here;
  }

  private void writeObject(ObjectOutputStream out) throws IOException {
    out.defaultWriteObject();
    if (goesOffAt(Place.ARGUMENT_IS_SERIALIZED)) {
      way.happen();
    }
  }

  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    if (goesOffAt(Place.ARGUMENT_IS_DESERIALIZED) || goesOffAt(Place.LARGE_ARGUMENT_IN_FLIGHT)) {
      way.happen();
    }
  }

  /** The task: gives its number back, if nothing happens. */
  static Result run(Bomb bomb) {
    if (bomb.goesOffAt(Place.TASK)) {
      bomb.way.happen();
    }
    if (bomb.goesOffAt(Place.BETWEEN_TASKS)) {
      Thread task = Thread.currentThread();
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            while (!waitsForItems(task)) {
              LockSupport.parkNanos(1_000_000);
            }
            bomb.way.happen();
          });
    }
    return new Result(bomb);
  }

  /** Whether the task thread of a worker has nothing to do. */
  private static boolean waitsForItems(Thread task) {
    return Arrays.stream(task.getStackTrace())
        .anyMatch(frame ->
            frame.getClassName().equals(Doorbell.class.getName())
                && frame.getMethodName().equals("sleep"));
  }

  /** A result that does what its bomb says. */
  static final class Result implements Serializable {
    final int number;
    final Way atWrite;
    final Way atRead;
    final byte[] ballast;

    Result(Bomb bomb) {
      number = bomb.number;
      boolean large = bomb.goesOffAt(Place.LARGE_RESULT_IN_FLIGHT);
      atWrite = large || bomb.goesOffAt(Place.RESULT_IS_SERIALIZED) ? bomb.way : null;
      atRead = bomb.goesOffAt(Place.RESULT_IS_DESERIALIZED) ? bomb.way : null;
      ballast = new byte[large ? LARGE : 1];
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
      out.defaultWriteObject();
      if (atWrite != null) {
        atWrite.happen();
      }
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      in.defaultReadObject();
      if (atRead != null) {
        atRead.happen();
      }
    }
  }
}
