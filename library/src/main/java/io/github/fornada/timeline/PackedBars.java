package io.github.fornada.timeline;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * Encodes the bars of a track as text for a report: columns of small numbers, deflated (RFC 1950),
 * in base64. {@code data.js} decodes them.
 *
 * <p>The columns, one after the other: the number of bars in each lane; then for every bar the
 * start, as the distance from the end of the previous bar in its lane; the duration; a byte for the
 * outcome, plus 8 if a retry followed; a byte for the share of processor time, 0 to 100, or 255 if
 * unknown; the index of the item, as the distance from the previous bar. Times are in nanoseconds.
 * Numbers are in base 128, low digits first, the high bit set on all but the last; distances have
 * their sign in the lowest bit.
 */
final class PackedBars {
  private static final int UNKNOWN_SHARE = 255;

  private PackedBars() {}

  static String bars(Track track) {
    int n = track.size();
    var starts = new Numbers();
    var durations = new Numbers();
    var kinds = new ByteArrayOutputStream(n);
    var shares = new ByteArrayOutputStream(n);
    var indexes = new Numbers();
    var all = new Numbers();
    for (int lane = 0; lane < track.lanes.size(); lane++) {
      all.put(track.size(lane));
    }
    int lane = -1;
    long end = 0;
    long index = 0;
    for (int i = 0; i < n; i++) {
      Bar bar = track.bar(i);
      if (bar.lane() != lane) {
        lane = bar.lane();
        end = 0;
      }
      starts.putSigned(bar.start() - end);
      durations.put(bar.duration());
      kinds.write(bar.kind().number | (bar.last() ? 0 : 8));
      shares.write(share(bar));
      indexes.putSigned(bar.index() - index);
      end = bar.end();
      index = bar.index();
    }
    all.writeBytes(starts.toByteArray());
    all.writeBytes(durations.toByteArray());
    all.writeBytes(kinds.toByteArray());
    all.writeBytes(shares.toByteArray());
    all.writeBytes(indexes.toByteArray());
    return deflated(all.toByteArray());
  }

  private static int share(Bar bar) {
    if (bar.cpu() < 0 || bar.duration() == 0) {
      return UNKNOWN_SHARE;
    }
    return Math.clamp(Math.round(100 * bar.cpu() / bar.duration()), 0, 100);
  }

  /** Returns the labels, one line for each bar in order, deflated and in base64. */
  static String labels(Track track) {
    var text = new StringBuilder();
    for (int i = 0; i < track.size(); i++) {
      text.append(Escapes.line(track.bar(i).label())).append('\n');
    }
    return deflated(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String deflated(byte[] bytes) {
    var out = new ByteArrayOutputStream();
    var deflater = new Deflater();
    try (var packing = new DeflaterOutputStream(out, deflater)) {
      packing.write(bytes);
    } catch (java.io.IOException e) {
      throw new AssertionError("an array in memory cannot fail", e);
    } finally {
      deflater.end();
    }
    return Base64.getEncoder().encodeToString(out.toByteArray());
  }

  private static final class Numbers extends ByteArrayOutputStream {
    void put(long n) {
      long rest = n;
      while ((rest & ~0x7fL) != 0) {
        write((int) (rest & 0x7f) | 0x80);
        rest >>>= 7;
      }
      write((int) rest);
    }

    void putSigned(long n) {
      put((n << 1) ^ (n >> 63));
    }
  }
}
