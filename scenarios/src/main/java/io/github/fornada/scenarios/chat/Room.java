package io.github.fornada.scenarios.chat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whoever is in a room gets what is said in it, the speaker too. A member that says no more still
 * listens; when nobody says any more, the room ends for all.
 *
 * @param <M> a message, as the server sends it
 */
final class Room<M> {
  /** What a member says last. */
  static final String QUIT = "/quit";

  // Replaced as a whole under the lock, read without it.
  private volatile List<Member<M>> present = List.of();
  private final Set<Member<M>> speaking = new HashSet<>(); // guarded by this

  /**
   * A member, as its room sees it.
   *
   * @param <M> a message
   */
  interface Member<M> {
    /** Sends a message, and never waits for it to be read. */
    void send(M message);

    /** Closes the connection after what was sent. */
    void end();
  }

  /**
   * The rooms of a server, by name.
   *
   * @param <M> a message
   */
  static final class All<M> {
    private final ConcurrentHashMap<String, Room<M>> rooms = new ConcurrentHashMap<>();

    /** Returns the room, which need not have been there. */
    Room<M> named(String name) {
      return rooms.computeIfAbsent(name, n -> new Room<>());
    }
  }

  /** Lets a member in. */
  synchronized void join(Member<M> member) {
    var all = new ArrayList<>(present);
    all.add(member);
    present = List.copyOf(all);
    speaking.add(member);
  }

  /**
   * Sends a message to all that are here. What one thread sends comes to everybody in that order.
   */
  void say(M message) {
    for (Member<M> member : present) {
      member.send(message);
    }
  }

  /** Notes that a member says no more. */
  void quit(Member<M> member) {
    List<Member<M>> ended = List.of();
    synchronized (this) {
      if (speaking.remove(member) && speaking.isEmpty()) {
        ended = present;
      }
    }
    ended.forEach(Member::end);
  }

  /** Takes out a member whose connection has ended. */
  void leave(Member<M> member) {
    synchronized (this) {
      present = present.stream().filter(other -> !other.equals(member)).toList();
    }
    quit(member);
  }
}
