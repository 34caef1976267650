package io.github.fornada.async;

import io.github.fornada.jvm.BoundedText;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How the tasks of one scope failed. Guarded by itself. */
final class Failures {
  private record Of(String purpose, Throwable thrown) {}

  private final List<Of> first = new ArrayList<>();
  private final List<Throwable> late = new ArrayList<>();

  /** What a joiner, or the library's own code in a task's thread, threw. */
  private @Nullable Throwable broken;

  synchronized void setBroken(Throwable thrown) {
    if (broken == null) {
      broken = thrown;
    }
  }

  synchronized @Nullable Throwable broken() {
    return broken;
  }

  synchronized void add(Child<?> child, Throwable thrown) {
    if (first.size() <= ScopeFailedException.MOST) {
      first.add(new Of(child.purpose(), thrown));
    }
  }

  synchronized void addLate(Throwable thrown) {
    if (late.size() < ScopeFailedException.MOST) {
      late.add(thrown);
    }
  }

  /**
   * Adds to {@code failed}, as suppressed, the failures of tasks that were not being cancelled,
   * except its cause.
   */
  synchronized void suppress(ScopeFailedException failed) {
    for (Of one : first) {
      addTo(failed, one.thrown);
    }
    first.clear();
  }

  /** Adds to {@code failed}, as suppressed, the failures of tasks that were being cancelled. */
  synchronized void suppressLate(ScopeFailedException failed) {
    suppress(failed);
    late.forEach(thrown -> addTo(failed, thrown));
    late.clear();
  }

  @SuppressWarnings("ReferenceEquality") // an exception cannot be suppressed by itself
  private static void addTo(ScopeFailedException failed, Throwable thrown) {
    if (thrown != failed.getCause() && failed.getSuppressed().length < ScopeFailedException.MOST) {
      failed.addSuppressed(thrown);
    }
  }

  /**
   * Returns the message of the exception that {@code join} throws.
   *
   * @param subject which task failed, if the joiner knows more about it than its purpose
   */
  static String message(
      @Nullable Failures known, TaskScope<?, ?> scope, @Nullable String subject, Throwable cause) {
    String text = BoundedText.of(cause);
    if (subject == null) {
      String purpose = known == null ? null : known.purposeOf(cause);
      if (purpose == null) {
        return "scope \"" + scope.name() + "\" has no result: " + text;
      }
      subject = Child.subject(purpose);
    }
    return subject + " of scope \"" + scope.name() + "\" failed: " + text;
  }

  @SuppressWarnings("ReferenceEquality") // compares identities
  private synchronized @Nullable String purposeOf(Throwable cause) {
    for (Of one : first) {
      if (one.thrown == cause) {
        return one.purpose;
      }
    }
    return null;
  }
}
