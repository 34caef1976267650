package io.github.fornada.scenarios.chat;

import io.github.fornada.scenarios.harness.OtherSide;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * All members, in a process of their own, on one thread and one selector: what is measured is the
 * server. Messages are said when they are due, whether or not earlier ones have come.
 *
 * <p>Questions: {@code connect PORT COUNT ROOM}: that many more; {@code talk} and the line of a
 * {@link Talk}, answered with the line of what was {@link Delivered}; {@code hang up}.
 */
public final class Crowd implements Client.Hearing, AutoCloseable {
  private static final int CONNECTING_AT_ONCE = 128;
  private static final long LIMIT_SECONDS = 120;

  /** From when a talk is asked for to when the first message is due. */
  private static final long LEAD_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** The longest pause between two looks at what has come, while the next message is near. */
  private static final long NAP_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

  /**
   * No more than this is said in a room before those that read have it, in bytes: half of what may
   * wait for a member. So only those that do not read are ever cut off, however slow the machine.
   */
  private static final int WINDOW_BYTES = Connection.MOST_WAITING / 2;

  private final Selector selector;
  private final byte[] buffer = new byte[64 << 10];
  private final List<Client> clients = new ArrayList<>();
  private int room = 1;
  private int opened;
  private int closedEarly; // before they were to talk

  private Talk talk = new Talk(0, 1, 0, 0, 0, 0);
  private Tally tally = new Tally(talk);

  private Crowd(Selector selector) {
    this.selector = selector;
  }

  /** What was heard in a talk. */
  private static final class Tally {
    private final long[] latencies;
    private final long[] late;
    private final int[] underWay; // by room: how often something was said and has not come yet
    private int received;
    private int sent;
    private long twice;
    private long disordered;
    private long wrong;
    private long checksum;
    private long pongs;
    private int ended;
    private int cut;
    private int lost;

    Tally(Talk talk) {
      this.latencies = new long[(int) talk.received()];
      this.late = new long[(int) talk.sent()];
      this.underWay = new int[talk.connections() / talk.room() + 1];
    }

    int closed() {
      return ended + cut + lost;
    }

    Delivered figures() {
      Arrays.sort(latencies, 0, received);
      Arrays.sort(late, 0, sent);
      return new Delivered(
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
          quantile(latencies, received, 0.5),
          quantile(latencies, received, 0.99),
          quantile(latencies, received, 1),
          quantile(late, sent, 0.99));
    }

    private static long quantile(long[] sorted, int count, double share) {
      return count == 0 ? 0 : sorted[Math.max(0, (int) Math.ceil(share * count) - 1)];
    }
  }

  /** Runs until its stdin ends. */
  public static void main(String[] args) throws Exception {
    try (var crowd = new Crowd(Selector.open())) {
      OtherSide.serve("ready", crowd::answer);
    }
  }

  private String answer(String question) throws IOException {
    String[] words = question.split(" ", 2);
    return switch (words[0]) {
      case "connect" -> {
        String[] n = words[1].split(" ");
        yield connect(Integer.parseInt(n[0]), Integer.parseInt(n[1]), Integer.parseInt(n[2]));
      }
      case "talk" -> talk(Talk.of(words[1]));
      default -> {
        close();
        yield "done";
      }
    };
  }

  private void select(long millis) throws IOException {
    if (millis > 0) {
      selector.select(this::ready, millis);
    } else {
      selector.selectNow(this::ready);
    }
  }

  private void ready(SelectionKey key) {
    if (key.attachment() instanceof Client client) {
      client.ready(buffer, "/" + client.number() / room);
    }
  }

  private String connect(int port, int count, int members) throws IOException {
    room = members;
    opened = 0;
    closedEarly = 0;
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    for (int begun = 0; opened + closedEarly < count; ) {
      for (; begun < count && begun - opened - closedEarly < CONNECTING_AT_ONCE; begun++) {
        clients.add(new Client(clients.size(), port, selector, this));
      }
      select(100);
      if (System.nanoTime() - until > 0) {
        break;
      }
    }
    return opened == count
        ? "done"
        : "problem: the server let in %d of %d, and closed %d"
            .formatted(opened, count, closedEarly);
  }

  private String talk(Talk agreed) throws IOException {
    talk = agreed;
    tally = new Tally(agreed);
    List<Client> speakers =
        clients.stream().filter(client -> !agreed.isSlow(client.number())).toList();
    List<Client> slow = clients.stream().filter(client -> agreed.isSlow(client.number())).toList();
    speakers.forEach(client -> client.expect(room));
    slow.forEach(client -> client.reads(false));
    var schedule = new ArrayList<Integer>();
    var random = new SplittableRandom(agreed.connections());
    for (int message = 0; message < agreed.messages(); message++) {
      schedule.addAll(shuffled(speakers.size(), random));
    }
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    long begin = System.nanoTime() + LEAD_NANOS;
    double gap = agreed.millis() * 1e6 / Math.max(1, schedule.size());
    for (int at = 0; tally.closed() < speakers.size(); ) {
      long now = System.nanoTime();
      while (at < schedule.size() && now - (begin + (long) (at * gap)) >= 0) {
        Client speaker = speakers.get(schedule.get(at));
        if (!mayBeSaid(speaker)) {
          break;
        }
        say(speaker, at / speakers.size(), begin + (long) (at * gap));
        now = System.nanoTime();
        at++;
      }
      pause(at < schedule.size() ? begin + (long) (at * gap) - now : Long.MAX_VALUE);
      if (System.nanoTime() - until > 0) {
        return problem(speakers.size());
      }
    }
    // Those that did not read now see what there is, up to the end.
    slow.forEach(client -> client.reads(true));
    while (tally.closed() < clients.size()) {
      select(100);
      if (System.nanoTime() - until > 0) {
        return problem(clients.size());
      }
    }
    return tally.figures().line();
  }

  private static List<Integer> shuffled(int count, SplittableRandom random) {
    var order = new ArrayList<Integer>();
    for (int i = 0; i < count; i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(random.nextLong()));
    return order;
  }

  private String problem(int waitedFor) throws IOException {
    String figures = tally.figures().line();
    close(); // or the server would wait for them
    return "problem: after %d s, of %d connections not all have come to their end: %s"
        .formatted(LIMIT_SECONDS, waitedFor, figures);
  }

  /** Waits for what comes, but no longer than this. */
  private void pause(long nanos) throws IOException {
    if (nanos > TimeUnit.MILLISECONDS.toNanos(2)) {
      select(Math.min(100, nanos / 1_000_000 - 1));
    } else {
      if (nanos > 0) {
        LockSupport.parkNanos(this, Math.min(nanos, NAP_NANOS));
      }
      select(0);
    }
  }

  /** Returns whether those in the room that read are not too far behind. */
  private boolean mayBeSaid(Client client) {
    int at = client.number() / room;
    int window = Math.max(1, WINDOW_BYTES / Math.max(1, talk.bytes()));
    return tally.underWay[at] + talk.listeners(at) <= window * talk.listeners(at);
  }

  private void say(Client client, int number, long due) {
    tally.late[tally.sent++] = System.nanoTime() - due;
    int from = client.number();
    tally.underWay[from / room] += talk.listeners(from / room);
    client.say(from + " " + number + " " + due + " " + talk.text(from, number), number == 0);
    if (number == talk.messages() - 1) {
      client.say(Room.QUIT, false);
    }
  }

  @Override
  public void open(Client client) {
    opened++;
  }

  @Override
  public void message(Client client, String text) {
    if (talk.isSlow(client.number())) {
      return; // it gets what there was room for, before it was cut off
    }
    long now = System.nanoTime();
    String[] parts = text.split(" ", 4);
    int from = Integer.parseInt(parts[0]);
    int number = Integer.parseInt(parts[1]);
    if (from / room != client.number() / room || !parts[3].equals(talk.text(from, number))) {
      tally.wrong++;
      return;
    }
    int order = client.order(from % room, number);
    if (order < 0) {
      tally.twice++;
      return;
    }
    if (order > 0) {
      tally.disordered++;
    }
    tally.underWay[from / room]--;
    tally.latencies[tally.received++] = now - Long.parseLong(parts[2]);
    tally.checksum += Talk.note(client.number(), from, number);
  }

  @Override
  public void pong() {
    tally.pongs++;
  }

  @Override
  public void closed(Client client, int code) {
    closedEarly++;
    switch (code) {
      case Frames.NORMAL -> tally.ended++;
      case Frames.POLICY -> tally.cut++;
      default -> tally.lost++;
    }
  }

  @Override
  public void close() throws IOException {
    clients.forEach(Client::hangUp);
    clients.clear();
    selector.selectNow(); // the keys go, and with them the connections
  }
}
