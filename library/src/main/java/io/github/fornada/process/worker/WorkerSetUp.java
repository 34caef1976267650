package io.github.fornada.process.worker;

import java.io.Serializable;
import java.util.List;

/**
 * What a worker does before its first task, in the form in which it is sent.
 *
 * @param steps the steps in their order: a later one may rely on what an earlier one has done
 */
public record WorkerSetUp(List<Step> steps) implements Serializable {

  /** One step of the set-up. */
  public interface Step extends Serializable {
    /**
     * Returns the kind of step, for the message if it fails: {@code initializer} or {@code state}.
     */
    String part();

    /** Returns the user's code in it. */
    Object code();

    /** Runs it, on the thread that will run the tasks. */
    void run() throws Exception;
  }
}
