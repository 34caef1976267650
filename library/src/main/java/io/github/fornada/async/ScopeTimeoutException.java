package io.github.fornada.async;

import io.github.fornada.TaskException;
import java.io.Serial;

/**
 * Thrown by {@link TaskScope#join} when the scope was over its timeout or deadline before its tasks
 * had ended, or when a task was forked after that. The message names the scope, its limit and how
 * many were still running; {@link #tree} shows where they were.
 */
public final class ScopeTimeoutException extends TaskException {
  @Serial private static final long serialVersionUID = 1L;

  private final String tree;

  /** Creates an exception for joiners that have no result when the time is up. */
  public ScopeTimeoutException() {
    this("the scope was over its timeout", "");
  }

  ScopeTimeoutException(String message, String tree) {
    super(message, null);
    this.tree = tree;
  }

  /**
   * Returns the scope's tasks and where each was when the time was up, in the form of {@link
   * TaskScope#tree}.
   */
  public String tree() {
    return tree;
  }
}
