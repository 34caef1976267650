package io.github.fornada.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a stream of UTF-8, each as soon as it is complete. A byte order mark before the
 * first line is not part of it. A line that is not UTF-8 is refused; the others are read.
 */
final class LineReader implements Iterator<String> {
  private static final int BUFFER_BYTES = 1 << 16;

  /** The longest array that every JVM can create. */
  private static final int MAX_LINE_BYTES = Integer.MAX_VALUE - 8;

  /** So many bytes of the first line are enough to tell its encoding. Guess. */
  private static final int LOOKED_AT = 64;

  private static final char REPLACEMENT = '\uFFFD';

  private final InputStream in;
  private final String name;
  private final boolean hasEnd;
  private final Refusals refusals;

  /** Whether a zero byte ends an item, and an end of line is part of it. */
  private final boolean nul;

  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int from;
  private int to;
  private byte[] line = new byte[256];
  private int length;
  private long number;
  private boolean skipsLineFeed;
  private boolean terminated;
  private @Nullable String next;

  /** So many more lines may be refused before it pauses. */
  private long refusable = Long.MAX_VALUE;

  /**
   * Creates a reader of a stream.
   *
   * @param name the stream's name in messages
   * @param hasEnd whether it is known to have an end
   */
  LineReader(InputStream in, String name, boolean hasEnd, Refusals refusals) {
    this(in, name, hasEnd, false, refusals);
  }

  /** Creates a reader whose items end with a zero byte if {@code nul}. */
  LineReader(InputStream in, String name, boolean hasEnd, boolean nul, Refusals refusals) {
    this.nul = nul;
    this.in = in;
    this.name = name;
    this.hasEnd = hasEnd;
    this.refusals = refusals;
  }

  @Override
  public boolean hasNext() {
    try {
      while (next == null && refusable > 0) {
        number++;
        if (!readLine()) {
          break;
        }
        next = number == 1 ? decodeFirst() : decode(0);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (OutOfMemoryError e) {
      long bytes = length;
      line = new byte[0]; // the message needs memory
      if (bytes < BUFFER_BYTES && HeapAdvice.isOver(e)) {
        throw e; // something else has taken it
      }
      throw Fault.failed(
          HeapAdvice.isOver(e)
              ? tooLong()
                  + "there is no memory for it after "
                  + bytes
                  + " bytes. Give the command more: "
                  + HeapAdvice.more()
                  + " fornada ..."
              : tooLong()
                  + "its "
                  + bytes
                  + " bytes are more text than an item can have. Is it a file of lines?");
    }
    return next != null;
  }

  @Override
  public String next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException();
    }
    String taken = next;
    next = null;
    return taken;
  }

  /**
   * Lets it pause after so many lines that are refused: it has no next line then, until this is
   * called again.
   */
  void pauseAfterRefused(long lines) {
    refusable = lines;
  }

  /** Returns whether there may be more lines after a pause. */
  boolean isPaused() {
    return refusable <= 0;
  }

  /** Returns whether the stream is known to have an end. */
  boolean hasEnd() {
    return hasEnd;
  }

  /** Reads to the end, and returns how many lines there were. */
  long countRest() {
    long lines = next == null ? 0 : 1;
    next = null;
    try {
      while (readLine()) {
        lines++;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines;
  }

  /** Reads the bytes of one line, without its end: LF, CR, or both. */
  private boolean readLine() throws IOException {
    length = 0;
    while (true) {
      if (from == to) {
        int n = in.read(buffer, 0, buffer.length);
        if (n < 0) {
          terminated = false;
          return length > 0;
        }
        from = 0;
        to = n;
      }
      if (skipsLineFeed) {
        skipsLineFeed = false;
        if (buffer[from] == '\n') {
          from++;
          continue;
        }
      }
      int end = from;
      while (end < to && !isEnd(buffer[end])) {
        end++;
      }
      append(end);
      if (end < to) {
        skipsLineFeed = !nul && buffer[end] == '\r';
        from = end + 1;
        terminated = true;
        return true;
      }
      from = end;
    }
  }

  private boolean isEnd(byte b) {
    return nul ? b == 0 : b == '\n' || b == '\r';
  }

  private void append(int end) {
    int n = end - from;
    if (line.length - length < n) {
      if (n > MAX_LINE_BYTES - length) {
        throw Fault.failed(
            tooLong()
                + "it has more than "
                + MAX_LINE_BYTES
                + " bytes, the most that an item can have. Is it a file of lines?");
      }
      long doubled = Math.min(MAX_LINE_BYTES, line.length * 2L);
      line = Arrays.copyOf(line, (int) Math.max(length + n, doubled));
    }
    System.arraycopy(buffer, from, line, length, n);
    length += n;
  }

  private String tooLong() {
    return (nul ? "item " : "line ") + number + " of " + name + " is too long to be read: ";
  }

  /** Says that a text has units of more than a byte; {@code file} is what is to be converted. */
  static String utf16(String name, String file) {
    return name + " is UTF-16 or UTF-32, not UTF-8. Convert it: iconv -f UTF-16 -t UTF-8 " + file;
  }

  /** Returns whether a text begins with the byte order mark of such units; it has two bytes. */
  static boolean isMarkedUtf16(byte[] text) {
    int first = text[0] & 0xFF;
    int second = text[1] & 0xFF;
    return (first == 0xFE && second == 0xFF) || (first == 0xFF && second == 0xFE);
  }

  private @Nullable String decodeFirst() {
    if (isUtf16()) {
      throw Fault.usage(
          utf16(name, name.equals("stdin") ? "" : name)
              + ". (If it is items with a zero byte after each: --null)");
    }
    boolean marked =
        length >= 3 && line[0] == (byte) 0xEF && line[1] == (byte) 0xBB && line[2] == (byte) 0xBF;
    if (marked && length == 3 && !terminated) {
      return null; // only a byte order mark: there is no line
    }
    return decode(marked ? 3 : 0);
  }

  /**
   * Returns whether the stream is UTF-16 or UTF-32: it has such a byte order mark, or a zero in
   * every second byte of its first line, as letters of Latin have there. A zero here and there is a
   * character of UTF-8.
   */
  private boolean isUtf16() {
    if (length < 2) {
      return false;
    }
    byte first = line[0];
    byte second = line[1];
    if (isMarkedUtf16(line)
        || (length >= 4 && first == 0 && second == 0 && line[2] == (byte) 0xFE)) {
      return true;
    }
    if (length == 2) { // one letter: in UTF-16 the end of the line has a zero too
      return second == 0 && first != 0 && from < to && buffer[from] == 0;
    }
    boolean littleEndian = length % 2 == 0 && hasZeros(1) && !hasZeros(0);
    // The zero before the end of the line counts as one of the line.
    boolean bigEndian = (length % 2 != 0 || !terminated) && hasZeros(0) && !hasZeros(1);
    return littleEndian || bigEndian;
  }

  /** Returns whether the first bytes of the line are zero at every second place. */
  private boolean hasZeros(int begin) {
    for (int i = begin; i < Math.min(length, LOOKED_AT); i += 2) {
      if (line[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private @Nullable String decode(int begin) {
    String text = new String(line, begin, length - begin, StandardCharsets.UTF_8);
    if (text.indexOf(REPLACEMENT) < 0) {
      return text;
    }
    CharsetDecoder strict =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer bytes = ByteBuffer.wrap(line, begin, length - begin);
    CoderResult result = strict.decode(bytes, CharBuffer.allocate(length + 1), true);
    if (!result.isError()) {
      return text;
    }
    int place = bytes.position();
    refusable--;
    refusals.add(
        text,
        (nul ? "item " : "line ") + number + " of " + name,
        String.format(
            Locale.ROOT,
            "the byte 0x%02X at place %d of the line is not UTF-8; if the text has another"
                + " encoding, convert it: iconv -f LATIN1 -t UTF-8",
            line[place] & 0xFF,
            place - begin + 1));
    return null;
  }
}
