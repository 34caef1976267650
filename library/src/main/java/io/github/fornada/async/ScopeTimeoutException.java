package io.github.fornada.async;

import io.github.fornada.TaskException;
import java.io.Serial;

/**
 * Thrown by {@link TaskScope#join} when the time of the scope was up before its tasks had ended, or
 * when one was forked after that. The message names the scope, its limit and how many were still
 * running; {@link #tree} shows where they were.
 */
public final class ScopeTimeoutException extends TaskException {
  @Serial private static final long serialVersionUID = 1L;

  private final String tree;

  /** For joiners that give no result when the time is up. */
  public ScopeTimeoutException() {
    this("the scope was over its timeout", "");
  }

  ScopeTimeoutException(String message, String tree) {
    super(message, null);
    this.tree = tree;
  }

  /**
   * The scope's tasks and where each was when the time was up, as {@link TaskScope#tree} has it.
   */
  public String tree() {
    return tree;
  }
}
