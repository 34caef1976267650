package io.github.fornada.scenarios.chat;

import io.github.fornada.scenarios.harness.WrongResultException;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * What came of a talk, as the crowd counted it.
 *
 * @param sent how many messages were said
 * @param received how many came to somebody, each counted once
 * @param twice how many came again
 * @param disordered how many came before an earlier one of the same speaker, or instead of it
 * @param wrong how many were not what was said
 * @param checksum the sum of {@link Talk#note} of all that came
 * @param pongs how many pings were answered
 * @param ended how many connections were closed because all was said
 * @param cut how many because they read too slowly
 * @param lost how many otherwise
 * @param p50 nanoseconds from when a message was due to when it had come, for half of them
 * @param p99 the same, for 99 % of them
 * @param longest the same, for all
 * @param late how late the crowd itself began a message, for 99 % of them, in nanoseconds
 */
record Delivered(
    long sent,
    long received,
    long twice,
    long disordered,
    long wrong,
    long checksum,
    long pongs,
    long ended,
    long cut,
    long lost,
    long p50,
    long p99,
    long longest,
    long late) {
  /**
   * Returns what {@link #line} says.
   *
   * @throws WrongResultException if it says that the talk did not come to its end
   */
  static Delivered of(String line) throws WrongResultException {
    WrongResultException.unless(!line.startsWith("problem"), "the crowd has a " + line);
    long[] n = Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray();
    return new Delivered(
        n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13]);
  }

  /** Returns the figures in a line. */
  String line() {
    return LongStream.of(
            sent,
            received,
            twice,
            disordered,
            wrong,
            checksum,
            pongs,
            ended,
            cut,
            lost,
            p50,
            p99,
            longest,
            late)
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(" "));
  }

  /**
   * Checks that every message came to everybody once, in the order of its speaker.
   *
   * @throws WrongResultException if not
   */
  void verify(Talk talk) throws WrongResultException {
    WrongResultException.unless(
        sent == talk.sent(), "%d messages were said, not %d".formatted(sent, talk.sent()));
    WrongResultException.unless(
        twice == 0 && disordered == 0 && wrong == 0,
        "%d messages came twice, %d out of their order, %d changed"
            .formatted(twice, disordered, wrong));
    WrongResultException.unless(
        received == talk.received(),
        "%d of %d messages were lost".formatted(talk.received() - received, talk.received()));
    WrongResultException.unless(
        checksum == talk.checksum(), "messages came to others than they should have");
    WrongResultException.unless(
        pongs == talk.speakers(), "%d of %d pings were answered".formatted(pongs, talk.speakers()));
    WrongResultException.unless(
        ended == talk.speakers() && cut == talk.slow() && lost == 0,
        "%d connections were closed when all was said, %d as too slow, %d otherwise"
            .formatted(ended, cut, lost));
  }
}
