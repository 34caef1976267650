package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;

/**
 * A process replaces a value of two words twice and dies at any step, while another reads. It reads
 * whole values only, and never an older one after a newer. The parent then replaces it once more.
 */
public final class TwoCopiesScenario implements Explorer.Scenario {
  private static final int MORTAL = 0;
  private static final int READER = 1;
  private static final int PARENT = 2;
  private static final int SIZE = 2 * Long.BYTES;
  private static final byte LAST = 9;

  private final Processes processes = new Processes(3, Region.PAGE + TwoCopies.sizeFor(SIZE));
  private byte written;

  @Override
  public List<Runnable> threads() {
    return List.of(this::die, this::read, this::recover);
  }

  @Override
  public int mortal() {
    return MORTAL;
  }

  private TwoCopies copies(int seat) {
    Region region = processes.region(seat);
    region.shape(TwoCopies.shape(SIZE));
    return new TwoCopies(region);
  }

  private void die() {
    TwoCopies copies = copies(MORTAL);
    for (byte value = 1; value <= 2; value++) {
      replace(copies, value);
      written = value;
    }
  }

  private static void replace(TwoCopies copies, byte value) {
    // One writer at a time without the lock, which has a scenario of its own.
    var bytes = new byte[SIZE];
    bytes[0] = value;
    bytes[Long.BYTES] = value;
    copies.write(bytes, SIZE);
  }

  private static byte read(TwoCopies copies) {
    byte[] bytes = copies.read().bytes();
    if (bytes.length == 0) {
      return 0; // the first
    }
    if (bytes[0] != bytes[Long.BYTES]) {
      throw new AssertionError("half of " + bytes[0] + " and half of " + bytes[Long.BYTES]);
    }
    return bytes[0];
  }

  private void read() {
    TwoCopies copies = copies(READER);
    byte first = read(copies);
    byte second = read(copies);
    if (second < first) {
      throw new AssertionError(second + " came after " + first);
    }
  }

  private void recover() {
    TwoCopies copies = copies(PARENT);
    Explorer.awaitEnd(MORTAL);
    processes.recover(MORTAL, copies.region(), TwoCopies.shape(SIZE));
    byte left = read(copies);
    if (left != written && left != written + 1) {
      throw new AssertionError("it is " + left + " after " + written);
    }
    replace(copies, LAST);
    if (read(copies) != LAST) {
      throw new AssertionError("not replaced");
    }
  }

  @Override
  public void check() {}
}
