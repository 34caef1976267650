package io.github.fornada.process.worker;

import java.io.Serializable;
import java.util.List;

/**
 * What a worker does before its first task, as it is sent.
 *
 * @param steps in this order: a later one may count on what an earlier one has done
 */
public record WorkerSetUp(List<Step> steps) implements Serializable {

  /** One thing to do. */
  public interface Step extends Serializable {
    /** What it is, for the message if it fails: {@code initializer} or {@code state}. */
    String part();

    /** The user's code in it. */
    Object code();

    /** Does it, on the thread that will run the tasks. */
    void run() throws Exception;
  }
}
