package io.github.fornada.scenarios.chat;

/**
 * What is said: who, how much, in what time. The crowd says it, and what must come of it is known
 * here.
 *
 * @param connections how many there are; those with numbers in a row are in one room
 * @param room how many are in a room
 * @param messages how many each says
 * @param millis in what time, evenly spread over it
 * @param bytes how long a message is at least
 * @param slow how many read nothing: the last one of each of the first rooms, which says nothing
 *     either
 */
record Talk(int connections, int room, int messages, int millis, int bytes, int slow) {
  private static final String FILLER = " pão de queijo, café e broa de milho;";

  /** Returns the talk that {@link #line} describes. */
  static Talk of(String line) {
    String[] n = line.split(" ");
    return new Talk(
        Integer.parseInt(n[0]),
        Integer.parseInt(n[1]),
        Integer.parseInt(n[2]),
        Integer.parseInt(n[3]),
        Integer.parseInt(n[4]),
        Integer.parseInt(n[5]));
  }

  /** Returns the talk in a line. */
  String line() {
    return connections + " " + room + " " + messages + " " + millis + " " + bytes + " " + slow;
  }

  /** Returns whether this one reads nothing while the others talk. */
  boolean isSlow(int member) {
    return member % room == room - 1 && member / room < slow;
  }

  /** Returns how many say something. */
  int speakers() {
    return connections - slow;
  }

  /** Returns how many messages are said. */
  long sent() {
    return (long) speakers() * messages;
  }

  /** Returns how many in a room read, who are those that speak. */
  int listeners(int number) {
    int here = 0;
    for (int member = number * room;
        member < Math.min(connections, (number + 1) * room);
        member++) {
      here += isSlow(member) ? 0 : 1;
    }
    return here;
  }

  /** Returns how many messages come to those that read: each to all that read in its room. */
  long received() {
    long all = 0;
    for (int number = 0; number * room < connections; number++) {
      all += (long) listeners(number) * listeners(number) * messages;
    }
    return all;
  }

  /** Returns the sum of what is noted of every message that comes to somebody. */
  long checksum() {
    long sum = 0;
    for (int to = 0; to < connections; to++) {
      if (!isSlow(to)) {
        int first = to / room * room;
        for (int from = first; from < Math.min(connections, first + room); from++) {
          for (int number = 0; !isSlow(from) && number < messages; number++) {
            sum += note(to, from, number);
          }
        }
      }
    }
    return sum;
  }

  /** Returns what is noted of a message: a number that depends on all three. */
  static long note(int to, int from, int number) {
    long z = ((long) to << 40 ^ (long) from << 20 ^ number) + 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }

  /** Returns what a member says, after its number, the message's and when it was due. */
  String text(int from, int number) {
    var text = new StringBuilder();
    while (text.length() < bytes) {
      text.append(FILLER).append(from + number);
    }
    return text.toString();
  }
}
