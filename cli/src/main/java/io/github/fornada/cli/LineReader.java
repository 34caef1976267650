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

  private static final char REPLACEMENT = '\uFFFD';

  private final InputStream in;
  private final String name;
  private final Refusals refusals;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int from;
  private int to;
  private byte[] line = new byte[256];
  private int length;
  private long number;
  private boolean skipsLineFeed;
  private boolean terminated;
  private @Nullable String next;

  /**
   * Creates a reader of a stream.
   *
   * @param name the stream's name in messages
   */
  LineReader(InputStream in, String name, Refusals refusals) {
    this.in = in;
    this.name = name;
    this.refusals = refusals;
  }

  @Override
  public boolean hasNext() {
    try {
      while (next == null) {
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
      throw tooLong(bytes);
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
      while (end < to && buffer[end] != '\n' && buffer[end] != '\r') {
        end++;
      }
      append(end);
      if (end < to) {
        skipsLineFeed = buffer[end] == '\r';
        from = end + 1;
        terminated = true;
        return true;
      }
      from = end;
    }
  }

  private void append(int end) {
    int n = end - from;
    if (line.length - length < n) {
      if (n > MAX_LINE_BYTES - length) {
        throw tooLong(length);
      }
      long doubled = Math.min(MAX_LINE_BYTES, line.length * 2L);
      line = Arrays.copyOf(line, (int) Math.max(length + n, doubled));
    }
    System.arraycopy(buffer, from, line, length, n);
    length += n;
  }

  private Fault tooLong(long bytes) {
    return Fault.failed(
        "line "
            + number
            + " of "
            + name
            + " is too long to be read: there is no memory for it after "
            + bytes
            + " bytes. Give the command more: JDK_JAVA_OPTIONS=-Xmx4g fornada ...");
  }

  private @Nullable String decodeFirst() {
    if (isUtf16()) {
      throw Fault.usage(
          name
              + " is UTF-16 or UTF-32, not UTF-8. Convert it: iconv -f UTF-16 -t UTF-8 "
              + (name.equals("stdin") ? "" : name));
    }
    boolean marked =
        length >= 3 && line[0] == (byte) 0xEF && line[1] == (byte) 0xBB && line[2] == (byte) 0xBF;
    if (marked && length == 3 && !terminated) {
      return null; // only a byte order mark: there is no line
    }
    return decode(marked ? 3 : 0);
  }

  /**
   * Returns whether the stream is UTF-16: it has that byte order mark, or a zero among the first
   * two bytes, which text in UTF-8 does not have.
   */
  private boolean isUtf16() {
    if (length < 2) {
      return false;
    }
    int first = line[0] & 0xFF;
    int second = line[1] & 0xFF;
    return (first == 0xFE && second == 0xFF)
        || (first == 0xFF && second == 0xFE)
        || (first == 0) != (second == 0)
        || (length >= 4 && first == 0 && second == 0);
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
    refusals.add(
        "line " + number + " of " + name,
        "the byte 0x%02X at place %d of the line is not UTF-8; if the text has another encoding,"
                .formatted(line[place] & 0xFF, place - begin + 1)
            + " convert it: iconv -f LATIN1 -t UTF-8");
    return null;
  }
}
