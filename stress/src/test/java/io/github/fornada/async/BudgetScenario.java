package io.github.fornada.async;

import io.github.fornada.stress.Explorer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Two calls each pay in half of a retry, and both want two retries; the reserve has one. */
public final class BudgetScenario implements Explorer.Scenario {
  private final RetryBudget budget = RetryBudget.ofShare(0.5, 2);
  private final AtomicInteger had = new AtomicInteger();

  public BudgetScenario() {
    if (!budget.withdraw()) {
      throw new AssertionError("the reserve is full at first");
    }
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::call, this::call);
  }

  private void call() {
    budget.deposit();
    if (budget.withdraw()) {
      had.incrementAndGet();
    }
    if (budget.withdraw()) {
      had.incrementAndGet();
    }
  }

  @Override
  public void check() {
    // The budget is 1 plus twice 0.5, and at least one withdrawal comes after the last deposit.
    if (had.get() != 2 || budget.available() != 0) {
      throw new AssertionError("overdrawn or lost: " + had.get() + " further tries, " + budget);
    }
  }
}
