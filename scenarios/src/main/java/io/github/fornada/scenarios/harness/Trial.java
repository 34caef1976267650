package io.github.fornada.scenarios.harness;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.advice.AutoOptions;
import io.github.fornada.advice.AutoPool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * One program, written once in sequence and once for any pool.
 *
 * @param <R> what the program computes; compared between runs by {@link #check}
 */
public abstract class Trial<R> {
  /** The models that the table compares with the plain loop. */
  static final List<ExecutionModel> MODELS =
      List.of(
          ExecutionModel.VIRTUAL_THREADS,
          ExecutionModel.PLATFORM_THREADS,
          ExecutionModel.PROCESSES);

  /** What is compared unless a trial says otherwise. */
  static final String TIME = "the time of a run";

  private final String name;

  /** Creates a trial of this name, which its scenario need not repeat. */
  protected Trial(String name) {
    this.name = name;
  }

  /** Returns the name within the scenario; empty if the scenario has only this trial. */
  public final String name() {
    return name;
  }

  /** Returns what the guide picks for Python, in the guide's words. */
  public abstract String guidePick();

  /**
   * Runs the program in sequence, as a plain loop without a pool.
   *
   * @throws Exception if the program fails
   */
  public abstract R sequential() throws Exception;

  /**
   * Runs the program with the same function on {@code pool}.
   *
   * @throws Exception if the program fails
   */
  public abstract R under(Pool pool) throws Exception;

  /** Returns the version that an expert writes by hand with the JDK alone, if there is one. */
  public Optional<Step<R>> expert() {
    return Optional.empty();
  }

  /** Returns what the table compares, in words; the less, the better. */
  public String compared() {
    return TIME;
  }

  /** Returns what the table compares of a run, in seconds; empty for the time that it took. */
  public OptionalDouble compared(R result) {
    return OptionalDouble.empty();
  }

  /** Returns further versions to be measured for the report; none of them can be the best. */
  public List<Step<R>> steps() {
    return List.of();
  }

  /**
   * Returns in how many blocks to run each way; empty for as many as usual. With fewer than five
   * the table says how sure its intervals are.
   */
  public OptionalInt blocks(Size size) {
    return OptionalInt.empty();
  }

  /** Returns the models that make no sense here, each with the reason. */
  public Map<ExecutionModel, String> notApplicable() {
    return Map.of();
  }

  /** Opens a pool of {@code model}, as its user would. */
  public Pool open(ExecutionModel model) {
    int processors = Runtime.getRuntime().availableProcessors();
    return switch (model) {
      case PLATFORM_THREADS -> ThreadPool.open(o -> o.withWorkers(processors));
      case VIRTUAL_THREADS -> VirtualThreadPool.open();
      case PROCESSES -> ProcessPool.open(o -> o.withWorkers(processors));
      case SEQUENTIAL, CLUSTER -> throw new IllegalArgumentException(model.label());
    };
  }

  /**
   * Returns how many items may be in flight at most when the library chooses: fewer where the other
   * side refuses more, or politeness does.
   */
  public int mostInFlight() {
    return 1_000;
  }

  /** Opens a pool that chooses by itself, and knows nothing from earlier. */
  final AutoPool openAdvised() {
    return AutoPool.open(o -> {
      AutoOptions options = o.withoutMemory().withMostInFlight(mostInFlight());
      return notApplicable().containsKey(ExecutionModel.PROCESSES)
          ? options.withMostProcesses(0)
          : options;
    });
  }

  /** Called before each run, untimed: resets what the other side counts. */
  public void before() throws Exception {}

  /**
   * Called after each run, untimed: compares the result with what the other side counted.
   *
   * @throws WrongResultException if they differ
   */
  public void after(R result) throws Exception {}

  /**
   * Compares the result of a run with the sequential one.
   *
   * @throws WrongResultException if they differ
   */
  public void check(R expected, R actual) throws WrongResultException {
    if (Objects.equals(expected, actual)) {
      return;
    }
    if (expected instanceof List<?> first
        && actual instanceof List<?> second
        && first.size() == second.size()) {
      for (int i = 0; i < first.size(); i++) {
        if (!Objects.equals(first.get(i), second.get(i))) {
          throw new WrongResultException(
              "item " + i + " is " + shown(second.get(i)) + ", in sequence " + shown(first.get(i)));
        }
      }
    }
    throw new WrongResultException(
        "the result is " + shown(actual) + ", in sequence " + shown(expected));
  }

  private static String shown(Object value) {
    String text = String.valueOf(value);
    return text.length() <= 120 ? text : text.substring(0, 117) + "...";
  }

  /**
   * Returns {@link #why}, or that this run does not tell: where the plain loop is tied with a
   * model, nothing can be explained.
   */
  final String explanation(Comparison comparison) {
    return comparison.isUndecided() && !tieExplains()
        ? "This run does not tell: the interval of the plain loop overlaps others. More blocks, a"
            + " larger size or a quieter machine would."
        : why(comparison);
  }

  /** Returns whether {@link #why} also explains a tie of the plain loop and a model. */
  protected boolean tieExplains() {
    return false;
  }

  /** Returns why the guide's pick and the best here are the same or are not, in one sentence. */
  public abstract String why(Comparison comparison);

  /** Returns the same program in Python, if it is there to be compared. */
  public Optional<PythonProgram> python() {
    return Optional.empty();
  }

  /** Returns further measured facts about the runs, one a line; called after all runs. */
  public List<String> remarks(Comparison comparison) {
    return List.of();
  }
}
