package io.github.fornada.jvm;

/**
 * Makes sure that there is room on the stack of the calling thread, before a call changes anything.
 *
 * <p>A thread of the user may be near the end of its stack, as in a recursion without end. A {@link
 * StackOverflowError} between two steps of ours, or within {@code unlock}, would leave a lock held
 * for ever, or an item that no worker knows of. Here it is thrown while nothing has been begun.
 */
public final class StackRoom {
  /**
   * The number of frames. Each takes about 650 bytes once it is compiled, and more before. Twelve
   * were enough for a call of a thread of its own; for calls of tasks that call their own pool
   * again and again, sixteen were not always.
   */
  private static final int FRAMES = 24;

  /** What the frames hold. Never written; not constants, so that they must be held. */
  private static final long[] WORDS = new long[64];

  /** Ends the recursion; not a constant, so that the compiler does not know. */
  private static volatile int end;

  private StackRoom() {}

  /**
   * Does nothing if there is room for what this library does in a call; it takes some tens of
   * nanoseconds.
   *
   * @throws StackOverflowError if there is not
   */
  public static void require() {
    if (fill(FRAMES) < 0) {
      throw new AssertionError("zeros do not add up to less");
    }
  }

  /**
   * Recurses. Only the last frame but one holds the words, across its own call, so that the others
   * cost nothing but their size: all frames of one method are as large as its largest.
   */
  private static long fill(int frames) {
    if (frames > 1) {
      return fill(frames - 1) + 1;
    }
    if (frames <= 0) {
      return 0;
    }
    long w0 = WORDS[0];
    long w1 = WORDS[1];
    long w2 = WORDS[2];
    long w3 = WORDS[3];
    long w4 = WORDS[4];
    long w5 = WORDS[5];
    long w6 = WORDS[6];
    long w7 = WORDS[7];
    long w8 = WORDS[8];
    long w9 = WORDS[9];
    long w10 = WORDS[10];
    long w11 = WORDS[11];
    long w12 = WORDS[12];
    long w13 = WORDS[13];
    long w14 = WORDS[14];
    long w15 = WORDS[15];
    long w16 = WORDS[16];
    long w17 = WORDS[17];
    long w18 = WORDS[18];
    long w19 = WORDS[19];
    long w20 = WORDS[20];
    long w21 = WORDS[21];
    long w22 = WORDS[22];
    long w23 = WORDS[23];
    long w24 = WORDS[24];
    long w25 = WORDS[25];
    long w26 = WORDS[26];
    long w27 = WORDS[27];
    long w28 = WORDS[28];
    long w29 = WORDS[29];
    long w30 = WORDS[30];
    long w31 = WORDS[31];
    long w32 = WORDS[32];
    long w33 = WORDS[33];
    long w34 = WORDS[34];
    long w35 = WORDS[35];
    long w36 = WORDS[36];
    long w37 = WORDS[37];
    long w38 = WORDS[38];
    long w39 = WORDS[39];
    long w40 = WORDS[40];
    long w41 = WORDS[41];
    long w42 = WORDS[42];
    long w43 = WORDS[43];
    long w44 = WORDS[44];
    long w45 = WORDS[45];
    long w46 = WORDS[46];
    long w47 = WORDS[47];
    long w48 = WORDS[48];
    long w49 = WORDS[49];
    long w50 = WORDS[50];
    long w51 = WORDS[51];
    long w52 = WORDS[52];
    long w53 = WORDS[53];
    long w54 = WORDS[54];
    long w55 = WORDS[55];
    long w56 = WORDS[56];
    long w57 = WORDS[57];
    long w58 = WORDS[58];
    long w59 = WORDS[59];
    long w60 = WORDS[60];
    long w61 = WORDS[61];
    long w62 = WORDS[62];
    long w63 = WORDS[63];
    long below = fill(end);
    return (w0 + below)
        ^ (w1 + below)
        ^ (w2 + below)
        ^ (w3 + below)
        ^ (w4 + below)
        ^ (w5 + below)
        ^ (w6 + below)
        ^ (w7 + below)
        ^ (w8 + below)
        ^ (w9 + below)
        ^ (w10 + below)
        ^ (w11 + below)
        ^ (w12 + below)
        ^ (w13 + below)
        ^ (w14 + below)
        ^ (w15 + below)
        ^ (w16 + below)
        ^ (w17 + below)
        ^ (w18 + below)
        ^ (w19 + below)
        ^ (w20 + below)
        ^ (w21 + below)
        ^ (w22 + below)
        ^ (w23 + below)
        ^ (w24 + below)
        ^ (w25 + below)
        ^ (w26 + below)
        ^ (w27 + below)
        ^ (w28 + below)
        ^ (w29 + below)
        ^ (w30 + below)
        ^ (w31 + below)
        ^ (w32 + below)
        ^ (w33 + below)
        ^ (w34 + below)
        ^ (w35 + below)
        ^ (w36 + below)
        ^ (w37 + below)
        ^ (w38 + below)
        ^ (w39 + below)
        ^ (w40 + below)
        ^ (w41 + below)
        ^ (w42 + below)
        ^ (w43 + below)
        ^ (w44 + below)
        ^ (w45 + below)
        ^ (w46 + below)
        ^ (w47 + below)
        ^ (w48 + below)
        ^ (w49 + below)
        ^ (w50 + below)
        ^ (w51 + below)
        ^ (w52 + below)
        ^ (w53 + below)
        ^ (w54 + below)
        ^ (w55 + below)
        ^ (w56 + below)
        ^ (w57 + below)
        ^ (w58 + below)
        ^ (w59 + below)
        ^ (w60 + below)
        ^ (w61 + below)
        ^ (w62 + below)
        ^ (w63 + below);
  }
}
