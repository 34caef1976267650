package io.github.fornada.process;

import io.github.fornada.jvm.Durations;
import io.github.fornada.jvm.Log;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The agents of a {@link RemotePool}, and which items each has. No user code runs under its lock,
 * and no answer is sent under it.
 */
final class RemoteLinks {
  /** How much an agent pauses between two reports, for each agent that there is. */
  private static final long PAUSE_NANOS = 250_000; // Guess: 4,000 reports a second for all

  /** How often an agent is asked to give back items. */
  static final long SHED_NANOS = 50_000_000; // Guess

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // All guarded by lock.
  private final LinkedHashMap<Long, AgentLink> agents = new LinkedHashMap<>();
  private final Map<Batch<?, ?>, AgentLink.@Nullable Sent[]> placed = new HashMap<>();
  private final RemoteFunctions functions = new RemoteFunctions();

  /** The sizes of what is shared, by path. */
  private final Map<String, Long> shared = new LinkedHashMap<>();

  private long nextNumber;
  private long emptySince = System.nanoTime();
  private boolean isEnd;

  void add(AgentLink agent) {
    lock.lock();
    try {
      agents.put(agent.id, agent);
      shared.forEach((path, size) -> putShare(agent, path, size));
      if (isEnd) {
        agent.control.putByte(RemoteWire.END);
      }
    } finally {
      lock.unlock();
    }
  }

  private static void putShare(AgentLink agent, String path, long size) {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    agent.first.reserve(13 + name.length).putByte(RemoteWire.SHARE).putBytes(name).putLong(size);
  }

  @Nullable AgentLink find(long id) {
    lock.lock();
    try {
      AgentLink found = agents.get(id);
      if (found != null) {
        found.lastHeard = System.nanoTime();
      }
      return found;
    } finally {
      lock.unlock();
    }
  }

  List<AgentLink> all() {
    lock.lock();
    try {
      return new ArrayList<>(agents.values());
    } finally {
      lock.unlock();
    }
  }

  /** How long an agent waits between two reports, in nanoseconds. */
  long pause() {
    lock.lock();
    try {
      return PAUSE_NANOS * agents.size();
    } finally {
      lock.unlock();
    }
  }

  private static void levels(AgentLink agent, MessageInput in) throws IOException {
    agent.wanted = in.getInt();
    agent.workers = in.getInt();
    agent.queued = in.getInt();
  }

  /** An agent waits for something to do. */
  void polled(AgentLink agent, MessageInput in, Consumer<byte[]> answer) throws IOException {
    byte[] gone = {RemoteWire.GONE};
    Consumer<byte[]> before;
    lock.lock();
    try {
      before = agent.parked;
      agent.parked = answer;
      agent.parkedSince = System.nanoTime();
      levels(agent, in);
      if (agent.isGone) {
        before = answer;
        agent.parked = null;
      }
    } finally {
      lock.unlock();
    }
    tell(before, gone);
  }

  /** Returns whether the caller must start a thread that reads the agent's inbox. */
  boolean reported(AgentLink agent, MessageInput in, byte[] message) throws IOException {
    lock.lock();
    try {
      levels(agent, in);
      return !agent.isGone && arrives(agent, new AgentLink.Arrival.Report(message, in.position()));
    } finally {
      lock.unlock();
    }
  }

  /** Under lock. */
  private static boolean arrives(AgentLink agent, AgentLink.Arrival arrival) {
    agent.inbox.addLast(arrival);
    boolean start = !agent.isBeingRead;
    agent.isBeingRead = true;
    return start;
  }

  /** Returns what is read next; null if there is nothing, and the thread that reads must end. */
  AgentLink.@Nullable Arrival next(AgentLink agent) {
    lock.lock();
    try {
      AgentLink.Arrival next = agent.inbox.poll();
      agent.isBeingRead = next != null;
      return next;
    } finally {
      lock.unlock();
    }
  }

  /** Gives an agent up; as {@link #reported}. What it has is lost after what it has reported. */
  boolean lose(AgentLink agent, String why) {
    byte[] gone = {RemoteWire.GONE};
    Consumer<byte[]> parked;
    boolean start;
    lock.lock();
    try {
      if (agent.isGone) {
        return false;
      }
      start = arrives(agent, new AgentLink.Arrival.Loss(why)); // first: there may be no memory
      agent.isGone = true;
      parked = agent.parked;
      agent.parked = null;
      agents.remove(agent.id);
      if (agents.isEmpty()) {
        emptySince = System.nanoTime();
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    tell(parked, gone);
    return start;
  }

  /** Whether there has been no agent, or none that can work, for so long. */
  boolean isEmptySince(Duration time) {
    lock.lock();
    try {
      for (AgentLink agent : agents.values()) {
        if (agent.broken == null) {
          return false;
        }
      }
      return System.nanoTime() - emptySince > Durations.nanos(time);
    } finally {
      lock.unlock();
    }
  }

  /** The agents that were not heard of for so long. */
  List<AgentLink> silent(Duration limit) {
    long now = System.nanoTime();
    lock.lock();
    try {
      return agents.values().stream()
          .filter(a -> now - a.lastHeard > Durations.nanos(limit))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /** Answers agents that have waited for so long that there is nothing to do. */
  void answerOld(Duration limit) {
    long nanos = Durations.nanos(limit);
    byte[] nothing = {RemoteWire.OK};
    for (AgentLink agent : all()) {
      tell(takeOld(agent, nanos), nothing);
    }
  }

  private @Nullable Consumer<byte[]> takeOld(AgentLink agent, long nanos) {
    lock.lock();
    try {
      Consumer<byte[]> parked = agent.parked;
      if (parked == null || System.nanoTime() - agent.parkedSince < nanos) {
        return null;
      }
      agent.parked = null;
      return parked;
    } finally {
      lock.unlock();
    }
  }

  /** Answers, if anybody waits. One way to an agent that is broken keeps no other from its own. */
  private static void tell(@Nullable Consumer<byte[]> parked, byte[] message) {
    if (parked == null) {
      return;
    }
    try {
      parked.accept(message);
    } catch (RuntimeException | Error e) { // the cluster's own code
      Log.get().log(System.Logger.Level.WARNING, "an agent could not be answered", e);
    }
  }

  int workers() {
    lock.lock();
    try {
      return agents.values().stream().mapToInt(a -> a.broken == null ? a.workers : 0).sum();
    } finally {
      lock.unlock();
    }
  }

  boolean hasRoom() {
    lock.lock();
    try {
      return agents.isEmpty() || agents.values().stream().anyMatch(a -> a.room() > 0);
    } finally {
      lock.unlock();
    }
  }

  // ---- feeding

  /**
   * Returns the next agent that there is an answer for, and moves it behind the others; null if
   * there is none. The feeder.
   *
   * @param work whether there may be items
   */
  @Nullable AgentLink ready(boolean work) {
    lock.lock();
    try {
      for (AgentLink agent : agents.values()) {
        if (agent.parked != null
            && (agent.first.size() > 0
                || agent.items.size() > 0
                || agent.control.size() > 0
                || (work && agent.wantsAnswer() && !isEnd))) {
          agents.putLast(agent.id, agent); // needs no memory for one that is there
          return agent;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  int room(AgentLink agent) {
    lock.lock();
    try {
      return agent.isGone ? 0 : agent.room();
    } finally {
      lock.unlock();
    }
  }

  RemoteFunctions.@Nullable Known function(Object key) {
    lock.lock();
    try {
      return functions.find(key);
    } finally {
      lock.unlock();
    }
  }

  /** Adds a function. Agents forget those that were not used for long. */
  RemoteFunctions.Known add(Object key, byte[] payload) {
    lock.lock();
    try {
      RemoteFunctions.Known made = functions.add(key, payload);
      for (int old : functions.removeOld()) {
        for (AgentLink agent : agents.values()) {
          agent.control.reserve(5);
          if (agent.functions.remove(old)) {
            agent.control.putByte(RemoteWire.FORGET).putInt(old);
          }
        }
      }
      return made;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether an agent must be told this function, which it then knows. */
  boolean teaches(AgentLink agent, int function) {
    lock.lock();
    try {
      if (agent.functions.contains(function)) {
        return false;
      }
      agent.untold.add(function); // first: of what it may not know it is told twice at worst
      agent.functions.add(function);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** What {@link #teaches} has returned true for could not be told. */
  void unteach(AgentLink agent, int function) {
    lock.lock();
    try {
      agent.functions.remove(function);
      agent.untold.remove(function);
    } finally {
      lock.unlock();
    }
  }

  /** Notes that an agent is about to get an item; null if it is gone. */
  AgentLink.@Nullable Sent place(AgentLink agent, Batch<?, ?> batch, int i) {
    lock.lock();
    try {
      if (agent.isGone) {
        return null;
      }
      var sent = new AgentLink.Sent(batch, i, nextNumber++, agent);
      boolean whole = false;
      try {
        placed.computeIfAbsent(batch, b -> new AgentLink.@Nullable Sent[b.size()])[i] = sent;
        agent.sent.put(sent.number(), sent);
        whole = true;
      } finally {
        if (!whole) { // no memory
          agent.sent.remove(sent.number());
          forget(sent);
        }
      }
      return sent;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes back one of the items that an agent would have got with the next answer, for which there
   * is no memory; null if there is none. Then it is told of nothing that was to come with them, and
   * the answer has room.
   */
  AgentLink.@Nullable Sent takeBack(AgentLink agent) {
    lock.lock();
    try {
      for (AgentLink.Sent sent : agent.sent.values()) {
        if (sent.number() >= agent.firstUnsent) {
          agent.sent.remove(sent.number());
          forget(sent);
          return sent;
        }
      }
      agent.functions.removeAll(agent.untold);
      agent.untold.clear();
      agent.items = new MessageOutput();
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** An agent no longer has an item; null if it had none of this number. */
  AgentLink.@Nullable Sent remove(AgentLink agent, long number) {
    lock.lock();
    try {
      AgentLink.Sent sent = agent.sent.remove(number);
      if (sent != null) {
        forget(sent);
      }
      return sent;
    } finally {
      lock.unlock();
    }
  }

  AgentLink.@Nullable Sent find(AgentLink agent, long number) {
    lock.lock();
    try {
      return agent.sent.get(number);
    } finally {
      lock.unlock();
    }
  }

  /** Under lock. */
  private void forget(AgentLink.Sent sent) {
    AgentLink.@Nullable Sent[] all = placed.get(sent.batch());
    if (all != null) {
      all[sent.i()] = null;
      for (AgentLink.Sent other : all) {
        if (other != null) {
          return;
        }
      }
      placed.remove(sent.batch());
    }
  }

  /** Returns one of the items that an agent has; null if it has none. */
  AgentLink.@Nullable Sent any(AgentLink agent) {
    lock.lock();
    try {
      Iterator<AgentLink.Sent> all = agent.sent.values().iterator();
      return all.hasNext() ? all.next() : null;
    } finally {
      lock.unlock();
    }
  }

  /** Returns the item where some agent has it; null if none has. */
  AgentLink.@Nullable Sent find(Batch<?, ?> batch, int i) {
    lock.lock();
    try {
      AgentLink.@Nullable Sent[] all = placed.get(batch);
      return all == null ? null : all[i];
    } finally {
      lock.unlock();
    }
  }

  /** Asks the agent that has the item to stop it; false if none has it. */
  boolean cancel(Batch<?, ?> batch, int i, String reason) {
    lock.lock();
    try {
      AgentLink.Sent sent = find(batch, i);
      if (sent == null) {
        return false;
      }
      byte[] why = reason.getBytes(StandardCharsets.UTF_8);
      sent.to()
          .control
          .reserve(13 + why.length)
          .putByte(RemoteWire.CANCEL)
          .putLong(sent.number())
          .putBytes(why);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * There is no work: if some agent has nothing to do, asks the fullest other for items. Returns
   * whether to ask again after a while.
   */
  boolean shed() {
    lock.lock();
    try {
      boolean idle = false;
      AgentLink fullest = null;
      for (AgentLink agent : agents.values()) {
        idle |= agent.parked != null && agent.broken == null && agent.sent.size() < agent.workers;
        if (agent.queued > 0 && (fullest == null || agent.queued > fullest.queued)) {
          fullest = agent;
        }
      }
      long now = System.nanoTime();
      if (idle && fullest != null && now - fullest.shedSince > SHED_NANOS) {
        fullest.shedSince = now;
        fullest.control.reserve(5).putByte(RemoteWire.SHED).putInt((fullest.queued + 1) / 2);
      }
      return idle && fullest != null;
    } finally {
      lock.unlock();
    }
  }

  /** An answer to an agent's question, and its bytes. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Answer(Consumer<byte[]> to, byte[] message) {}

  /**
   * Takes the answer to send, with what is to be told beside items; null if nobody waits. Then all
   * of it stays for the agent's next question. The feeder.
   *
   * @throws OutOfMemoryError if there is no room for it; nothing has changed then
   */
  @Nullable Answer answer(AgentLink agent) {
    lock.lock();
    try {
      Consumer<byte[]> to = agent.parked;
      if (to == null) {
        return null;
      }
      byte[] message = new byte[1 + agent.first.size() + agent.items.size() + agent.control.size()];
      message[0] = RemoteWire.OK;
      int end = put(agent.first, message, 1);
      end = put(agent.items, message, end);
      var _ = put(agent.control, message, end);
      var answer = new Answer(to, message);
      var first = new MessageOutput();
      var items = new MessageOutput();
      var control = new MessageOutput();
      agent.parked = null; // now that there was memory for all
      agent.first = first;
      agent.items = items;
      agent.control = control;
      agent.untold.clear();
      agent.firstUnsent = nextNumber;
      return answer;
    } finally {
      lock.unlock();
    }
  }

  private static int put(MessageOutput part, byte[] to, int at) {
    System.arraycopy(part.array(), 0, to, at, part.size());
    return at + part.size();
  }

  void breaks(AgentLink agent, String why) {
    lock.lock();
    try {
      agent.broken = why;
      emptySince = System.nanoTime();
    } finally {
      lock.unlock();
    }
  }

  // ---- shared bytes

  void share(String path, long size) {
    lock.lock();
    try {
      shared.put(path, size);
      agents.values().forEach(agent -> putShare(agent, path, size));
    } finally {
      lock.unlock();
    }
  }

  boolean isShared(String path) {
    lock.lock();
    try {
      return shared.containsKey(path);
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether it was shared. */
  boolean unshare(String path) {
    lock.lock();
    try {
      if (shared.remove(path) == null) {
        return false;
      }
      byte[] name = path.getBytes(StandardCharsets.UTF_8);
      for (AgentLink agent : agents.values()) {
        agent.control.reserve(5 + name.length).putByte(RemoteWire.UNSHARE).putBytes(name);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  // ---- the end

  /** Tells all agents to end. */
  void end() {
    lock.lock();
    try {
      isEnd = true;
      agents.values().forEach(agent -> agent.control.putByte(RemoteWire.END));
    } finally {
      lock.unlock();
    }
  }

  /** Waits until every agent has ended, for so long at most. */
  void awaitNone(Duration limit) {
    long deadline = System.nanoTime() + Durations.nanos(limit);
    lock.lock();
    try {
      while (!agents.isEmpty() && deadline - System.nanoTime() > 0) {
        var _ = changed.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // other code wants this thread to end soon
    } finally {
      lock.unlock();
    }
  }
}
