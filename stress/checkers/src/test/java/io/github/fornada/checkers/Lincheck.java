package io.github.fornada.checkers;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/**
 * Lincheck's model checker. It does not model weak memory, so a missing fence is for jcstress and
 * the Explorer. Its advantage over them is that it generates its scenarios.
 */
public final class Lincheck {
  /** The number of scenarios for a twin, whose fault is found early or never. */
  private static final int TWIN_SCENARIOS = 100;

  private static final int ORDERS = 500;

  /** More iterations than any loop that spins before it parks. */
  private static final int LOOP_TURNS = 100;

  private Lincheck() {}

  /**
   * Declares which classes of the tests' package share memory segments. Call it before one of them
   * is loaded, from a class whose method signatures name none of them.
   */
  public static void shares(Class<?> host, String... simpleNames) {
    Steps.define(host, simpleNames);
  }

  private static ModelCheckingOptions options(int scenarios) {
    return new ModelCheckingOptions()
        .threads(2)
        .actorsBefore(1)
        .actorsPerThread(3)
        .actorsAfter(1)
        .iterations(scenarios)
        .loopBound(LOOP_TURNS)
        .invocationsPerIteration(ORDERS);
  }

  /**
   * Checks a class of operations: scenarios of a few operations on each of two threads, each in
   * many orders of its steps. The results must be those of some order of whole operations.
   */
  public static void holds(Class<?> operations) {
    options(Integer.getInteger("checkers.scenarios")).check(operations);
  }

  /** Checks that the planted fault of a class is found. */
  public static void caught(Class<?> operations) {
    assertThatThrownBy(
            () -> options(TWIN_SCENARIOS).minimizeFailedScenario(false).check(operations))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining("Invalid execution results");
  }

  /**
   * Checks a block that starts threads of its own, in many orders of their steps: it must end, and
   * throw nothing. The threads have to be of a subclass of Thread, in variables of type Thread:
   * threads created from a lambda are not seen, nor is a join that names the subclass (Lincheck
   * 3.7, JDK 25).
   */
  public static void ends(Runnable block) {
    org.jetbrains.lincheck.Lincheck.runConcurrentTest(
        10 * Integer.getInteger("checkers.scenarios"), block);
  }

  /** Checks that the planted fault of a block, which makes it throw this, is found. */
  public static void fails(String message, Runnable block) {
    assertThatThrownBy(() -> org.jetbrains.lincheck.Lincheck.runConcurrentTest(10_000, block))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining(message);
  }

  /**
   * Checks that the planted fault of a block, by which a thread waits forever, is found. Not for a
   * block that parks in a loop: Lincheck lets it wake up for no reason, as the JDK may.
   */
  public static void hangs(Runnable block) {
    assertThatThrownBy(() -> org.jetbrains.lincheck.Lincheck.runConcurrentTest(10_000, block))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining("hung")
        // An order was found. Not only a timeout, as when Lincheck misses a wait.
        .hasMessageContaining("The following interleaving leads to the error");
  }
}
