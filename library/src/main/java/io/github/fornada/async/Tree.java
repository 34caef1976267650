package io.github.fornada.async;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Draws scopes and their tasks for a terminal of 80 columns:
 *
 * <pre>
 * scope "page" · 99 tasks · 2.1 s · owner main joins at Page.render:88
 * ├─ user      waits   2.1 s  Users.find:42 in SocketInputStream.read
 * ├─ orders    joins   2.1 s  Orders.all:17
 * │  └─ scope "orders" · 2 tasks · 2.0 s
 * │     ├─ page 1    waits   1.9 s  Orders.page:31 in Thread.sleep
 * │     └─ page 2    runs    1.9 s  Orders.page:33
 * └─ 97 tasks  wait    0.5 s  Log.send:9 in LinkedBlockingQueue.put
 * </pre>
 *
 * <p>Tasks without a purpose at the same location share a line, with the time of the oldest. Of a
 * scope with very many tasks only the stacks of the first {@value #MAX_STACKS} are taken.
 */
final class Tree {
  private static final int WIDTH = 80;

  /**
   * The minimum number of columns for a location, and for an owner's name, however long the rest
   * is.
   */
  private static final int MIN_PLACE = 24;

  private static final int MIN_NAME = 8;

  /**
   * The maximum number of tasks of one scope that get a line of their own; the others share lines.
   */
  private static final int MAX_NAMED = 100; // Guess

  /** The maximum number of tasks of one scope whose stacks are taken. */
  private static final int MAX_STACKS = 1000; // Guess

  /** The maximum number of stacks taken while the timer waits for them. */
  private static final int FEW_STACKS = 50; // Guess

  private final StringBuilder text = new StringBuilder();

  /** The maximum number of stacks to take of the tasks of one scope. */
  private final int mostStacks;

  private Tree(int mostStacks) {
    this.mostStacks = mostStacks;
  }

  /**
   * Returns the exception for a scope whose time is up: how many tasks had not ended, which, and
   * where they were.
   */
  static ScopeTimeoutException timeout(TaskScope<?, ?> scope, String limit) {
    int running = 0;
    var names = new StringBuilder();
    int named = 0;
    for (Child<?> child = scope.newest; child != null; child = child.next) {
      if (!child.hasEnded()) {
        running++;
        if (!child.purpose().isEmpty() && named++ < 5) {
          names.append(named == 1 ? ": " : ", ").append('"').append(child.purpose()).append('"');
        }
      }
    }
    if (named > 5) {
      names.append(", ...");
    }
    var tree = new Tree(FEW_STACKS);
    tree.scope(scope, "", "", true);
    return new ScopeTimeoutException(
        "scope \""
            + scope.name()
            + "\" was over "
            + limit
            + ", and "
            + (running == 1 ? "1 task" : running + " tasks")
            + " had not ended"
            + names
            + "; tree() of this exception has where they were",
        tree.text.toString());
  }

  static String of(TaskScope<?, ?> scope) {
    var tree = new Tree(MAX_STACKS);
    tree.scope(scope, "", "", true);
    return tree.text.toString();
  }

  static String ofAll() {
    var tree = new Tree(MAX_STACKS);
    List<TaskScope<?, ?>> roots = new ArrayList<>();
    for (TaskScope<?, ?> innermost : Owners.roots()) {
      roots.add(chain(innermost).getFirst());
    }
    roots.sort(Comparator.comparingLong(scope -> scope.owner.threadId()));
    for (TaskScope<?, ?> root : roots) {
      tree.scope(root, "", "", true);
    }
    return tree.text.toString();
  }

  /** Returns the scopes that one thread has open, outermost first. */
  private static List<TaskScope<?, ?>> chain(@Nullable TaskScope<?, ?> innermost) {
    var chain = new ArrayList<TaskScope<?, ?>>();
    for (TaskScope<?, ?> scope = innermost; scope != null; scope = scope.outer) {
      chain.add(scope);
    }
    Collections.reverse(chain);
    return chain;
  }

  /** One task, or several that are alike. */
  private static final class Row {
    final @Nullable Child<?> only;
    final String label;
    final State state;
    final StackLocation place;
    int oldest;
    int count = 1;

    Row(@Nullable Child<?> only, String label, State state, StackLocation place, int since) {
      this.only = only;
      this.label = label;
      this.state = state;
      this.place = place;
      this.oldest = since;
    }

    String label() {
      return only != null || count == 1 ? label : count + " tasks";
    }
  }

  private enum State {
    STARTS("starts", "start"),
    RUNS("runs", "run"),
    WAITS("waits", "wait"),
    JOINS("joins", "join"),
    STOPS("stops", "stop"); // the task was interrupted and has not ended

    final String one;
    final String many;

    State(String one, String many) {
      this.one = one;
      this.many = many;
    }
  }

  /** Draws a scope, and what is within it. */
  private void scope(TaskScope<?, ?> scope, String first, String rest, boolean withOwner) {
    var tasks = new ArrayList<Child<?>>();
    for (Child<?> child = scope.newest; child != null; child = child.next) {
      if (!child.hasEnded()) {
        tasks.add(child);
      }
    }
    Collections.reverse(tasks); // in the order of the forks
    var head = new StringBuilder(first);
    head.append("scope \"").append(scope.name()).append("\" · ");
    head.append(
        tasks.isEmpty() ? "no task" : tasks.size() == 1 ? "1 task" : tasks.size() + " tasks");
    head.append(" · ").append(age(scope.openedAt));
    if (scope.isCancelled()) {
      head.append(" · cancelled");
    }
    if (withOwner) {
      StackLocation at = StackLocation.of(scope.owner);
      String does = at.isJoin() ? " joins at " : " is at ";
      head.append(" · owner ");
      int room = WIDTH - head.length() - does.length() - MIN_PLACE;
      head.append(fit(Owners.name(scope.owner), Math.max(MIN_NAME, room))).append(does);
      head.append(at.within(Math.max(MIN_PLACE, WIDTH - head.length())));
    }
    line(head);
    TaskScope<?, ?> within = within(scope);
    List<Row> rows = rows(tasks);
    int width = labelWidth(rows, rest.length());
    for (int i = 0; i < rows.size(); i++) {
      boolean last = i == rows.size() - 1 && within == null;
      row(rows.get(i), rest, last, width);
    }
    if (within != null) {
      scope(within, rest + "└─ ", rest + "   ", false);
    }
  }

  /**
   * Returns the scope that the same owner has opened next, within this one; null if there is none.
   */
  private static @Nullable TaskScope<?, ?> within(TaskScope<?, ?> scope) {
    TaskScope<?, ?> inner = null;
    for (TaskScope<?, ?> s = Owners.innermost(scope.home, scope.owner); s != null; s = s.outer) {
      if (s == scope) {
        return inner;
      }
      inner = s;
    }
    return null; // the scope was closed meanwhile
  }

  private List<Row> rows(List<Child<?>> tasks) {
    var rows = new ArrayList<Row>();
    Map<String, Row> alike = new LinkedHashMap<>();
    int named = 0;
    int stacks = 0;
    int unseen = 0;
    for (Child<?> child : tasks) {
      Thread runner = child.thread;
      if (runner == null) {
        continue;
      }
      if (stacks++ >= mostStacks) {
        unseen++;
        continue;
      }
      StackLocation place = StackLocation.of(runner);
      boolean hasScope = child.innermost != null;
      State state = state(child, runner, place);
      String label = child.purpose().isEmpty() ? "1 task" : child.purpose();
      if (hasScope || (!child.purpose().isEmpty() && named < MAX_NAMED)) {
        named++;
        rows.add(new Row(child, label, state, place, child.forkedAt));
      } else {
        Row row = alike.get(state + place.toString());
        if (row == null) {
          row = new Row(null, label, state, place, child.forkedAt);
          alike.put(state + place.toString(), row);
        } else {
          row.count++;
          if (child.forkedAt - row.oldest < 0) {
            row.oldest = child.forkedAt;
          }
        }
      }
    }
    rows.addAll(alike.values());
    if (unseen > 0) {
      var row = new Row(null, "1 more", State.RUNS, StackLocation.UNSEEN, tasks.getLast().forkedAt);
      row.count = unseen;
      rows.add(row);
    }
    return rows;
  }

  private static State state(Child<?> child, Thread runner, StackLocation place) {
    if (child.isStopped()) {
      return State.STOPS;
    }
    return switch (runner.getState()) {
      case NEW -> State.STARTS;
      case RUNNABLE, TERMINATED -> place.isNowhere() ? State.STARTS : State.RUNS;
      case BLOCKED, WAITING, TIMED_WAITING -> place.isJoin() ? State.JOINS : State.WAITS;
    };
  }

  private static int labelWidth(List<Row> rows, int indent) {
    int width = 8;
    for (Row row : rows) {
      width = Math.max(width, row.label().length());
    }
    return Math.min(width, Math.max(12, 22 - indent));
  }

  private static String fit(String text, int width) {
    return text.length() > width ? text.substring(0, width - 1).stripTrailing() + "…" : text;
  }

  // compared with the one constant that stands for no location
  @SuppressWarnings("ReferenceEquality")
  private void row(Row row, String rest, boolean last, int width) {
    var line = new StringBuilder(rest).append(last ? "└─ " : "├─ ");
    String label = row.label();
    line.append(fit(label, width));
    line.repeat(' ', Math.max(0, rest.length() + 3 + width - line.length()));
    if (row.place != StackLocation.UNSEEN) {
      String state = row.count == 1 ? row.state.one : row.state.many;
      line.append("  ").append(state).repeat(' ', 6 - state.length());
      String age = age(row.oldest);
      line.repeat(' ', Math.max(1, 7 - age.length())).append(age).append("  ");
      line.append(row.place.within(Math.max(MIN_PLACE, WIDTH - line.length())));
    } else {
      line.append("  not shown: there are too many");
    }
    line(line);
    if (row.only != null && row.only.innermost != null) {
      List<TaskScope<?, ?>> chain = chain(row.only.innermost);
      String deeper = rest + (last ? "   " : "│  ");
      if (!chain.isEmpty()) {
        scope(chain.getFirst(), deeper + "└─ ", deeper + "   ", false);
      }
    }
  }

  private void line(StringBuilder line) {
    int end = line.length();
    while (end > 0 && line.charAt(end - 1) == ' ') {
      end--;
    }
    text.append(line, 0, end).append('\n');
  }

  /** Returns how long ago {@code since} was, in at most 6 columns. */
  private static String age(int since) {
    return age(Math.max(0, CoarseClock.nanosBetween(since, CoarseClock.now())));
  }

  static String age(long nanos) {
    long millis = nanos / 1_000_000;
    if (millis < 1000) {
      return millis + " ms";
    }
    if (millis < 100_000) {
      return millis / 1000 + "." + millis % 1000 / 100 + " s";
    }
    long minutes = millis / 60_000;
    return minutes < 100 ? minutes + " min" : minutes / 60 + " h";
  }
}
