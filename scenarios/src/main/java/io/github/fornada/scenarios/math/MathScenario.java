package io.github.fornada.scenarios.math;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.HandWritten;
import io.github.fornada.scenarios.harness.MapTrial;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Size;
import io.github.fornada.scenarios.harness.Step;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.harness.WrongResultException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import org.ejml.concurrency.EjmlConcurrency;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_MT_DDRM;
import org.jspecify.annotations.Nullable;

/** The row {@code math}. */
public final class MathScenario implements Scenario {
  @Override
  public String name() {
    return "math";
  }

  @Override
  public String about() {
    return "primes, Mandelbrot, Monte Carlo, a matrix product, and a sum bound by memory";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) {
    Size size = setup.size();
    return List.of(
        new Primes(size),
        new Mandelbrot(size),
        new MonteCarlo(size),
        new Product(size),
        new Sum(size));
  }

  /** What a gain says by Amdahl's law about the part that is not parallel. */
  static List<String> amdahl(Comparison comparison) {
    int n = Runtime.getRuntime().availableProcessors();
    double gain = comparison.gain();
    if (n < 2 || gain <= 1) {
      return List.of();
    }
    double serial = Math.max(0, (n / gain - 1) / (n - 1));
    return List.of(
        Words.format(
            "Amdahl: a gain of %.2f on %d processors is that of a program with %.1f %% in"
                + " sequence.",
            gain, n, 100 * serial));
  }

  /** What all but the last have in common. */
  abstract static class Computing<T, R> extends MapTrial<T, R> {
    private final PythonProgram python;

    Computing(String name, List<T> items, TaskFunction<T, R> function, PythonProgram python) {
      super(name, items, function);
      this.python = python;
    }

    @Override
    public String guidePick() {
      return "multiprocessing";
    }

    @Override
    public String why(Comparison comparison) {
      String gain = Words.times(comparison.gain());
      return comparison.isBest(ExecutionModel.PLATFORM_THREADS)
              || comparison.isBest(ExecutionModel.VIRTUAL_THREADS)
          ? "Java has no GIL, so threads compute in parallel (" + gain + ") and copy nothing."
          : "Threads were expected to be best or tied, and were not: "
              + gain
              + " is by "
              + comparison.fastest().name()
              + ".";
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(python);
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      return amdahl(comparison);
    }
  }

  /** Exact counts. */
  static final class Primes extends Computing<Computations.Range, Integer> {
    Primes(Size size) {
      super(
          "primes",
          ranges(size.of(1_000_000, 6_000_000, 20_000_000)),
          Computations::primes,
          PythonProgram.of("math_rows.py", "primes", size.of(200_000, 800_000, 1_200_000)));
    }

    private static List<Computations.Range> ranges(int to) {
      // Later numbers take longer to divide; many ranges even that out.
      int step = to / 60;
      var ranges = new ArrayList<Computations.Range>();
      for (int from = 0; from < to; from += step) {
        ranges.add(new Computations.Range(from, Math.min(to, from + step)));
      }
      return ranges;
    }
  }

  /** Exact iterations of every point. */
  static final class Mandelbrot extends Computing<Computations.Row, int[]> {
    Mandelbrot(Size size) {
      super(
          "Mandelbrot",
          rows(size.of(300, 800, 1600)),
          Computations::mandelbrot,
          PythonProgram.of("math_rows.py", "mandelbrot", size.of(140, 300, 400)));
    }

    private static List<Computations.Row> rows(int size) {
      var rows = new ArrayList<Computations.Row>();
      for (int y = 0; y < size; y++) {
        rows.add(new Computations.Row(y, size, 1_000));
      }
      return rows;
    }

    @Override
    public void check(List<int[]> expected, List<int[]> actual) throws WrongResultException {
      WrongResultException.unless(actual.size() == expected.size(), "a row is missing");
      for (int y = 0; y < expected.size(); y++) {
        WrongResultException.unless(
            Arrays.equals(expected.get(y), actual.get(y)), "row " + y + " differs");
      }
    }
  }

  /** Bit-equal whatever the order, because each part has its own seed. */
  static final class MonteCarlo extends Computing<Computations.Part, Long> {
    MonteCarlo(Size size) {
      super(
          "Monte Carlo",
          parts(size.of(300_000, 1_500_000, 6_000_000)),
          Computations::inCircle,
          PythonProgram.of("math_rows.py", "montecarlo", size.of(40_000, 160_000, 240_000)));
    }

    private static List<Computations.Part> parts(int points) {
      var parts = new ArrayList<Computations.Part>();
      for (int i = 0; i < 40; i++) {
        parts.add(new Computations.Part(i, points));
      }
      return parts;
    }
  }

  /** The expert is EJML, which adds in another order: equal to within 1e-12 n. */
  static final class Product extends Computing<Matrices.Rows, double[]> {
    private final int n;

    Product(Size size) {
      this(size.of(512, 1024, 2048), size.of(112, 224, 288));
    }

    private Product(int n, int inPython) {
      super(
          "matrix product",
          blocks(n),
          Matrices::product,
          PythonProgram.of("math_rows.py", "matrix", inPython));
      this.n = n;
    }

    private static List<Matrices.Rows> blocks(int n) {
      var blocks = new ArrayList<Matrices.Rows>();
      int step = 32;
      for (int from = 0; from < n; from += step) {
        blocks.add(new Matrices.Rows(from, Math.min(n, from + step), n));
      }
      return blocks;
    }

    @Override
    public Optional<Step<List<double[]>>> expert() {
      Matrices matrices = Matrices.of(n);
      var a = DMatrixRMaj.wrap(n, n, matrices.a());
      var b = DMatrixRMaj.wrap(n, n, matrices.b());
      return Optional.of(
          new Step<>(
              "EJML, its own threads",
              () -> {
                EjmlConcurrency.setMaxThreads(Runtime.getRuntime().availableProcessors());
                var c = new DMatrixRMaj(n, n);
                CommonOps_MT_DDRM.mult(a, b, c);
                var rows = new ArrayList<double[]>();
                for (Matrices.Rows block : items()) {
                  rows.add(Arrays.copyOfRange(c.data, block.from() * n, block.to() * n));
                }
                return rows;
              }));
    }

    @Override
    public void check(List<double[]> expected, List<double[]> actual) throws WrongResultException {
      WrongResultException.unless(actual.size() == expected.size(), "a block is missing");
      for (int i = 0; i < expected.size(); i++) {
        double[] first = expected.get(i);
        double[] second = actual.get(i);
        WrongResultException.unless(first.length == second.length, "block " + i + " is short");
        for (int j = 0; j < first.length; j++) {
          // Not "greater than": it would let NaN pass.
          WrongResultException.unless(
              Math.abs(first[j] - second[j]) <= 1e-12 * n,
              "block " + i + ", value " + j + " is " + second[j] + ", in sequence " + first[j]);
        }
      }
    }
  }

  /** More processors do not make the memory faster. */
  static final class Sum extends Trial<List<Long>> {
    private static final int PARTS = 16;
    private final int length;
    private long @Nullable [] values;
    private final IdentityHashMap<Pool, SharedSum> shared = new IdentityHashMap<>();

    Sum(Size size) {
      super("memory-bound sum");
      length = size.of(32 << 20, 96 << 20, 192 << 20);
    }

    /** Returns the numbers, which are made when this trial begins: others need no such memory. */
    private synchronized long[] values() {
      long[] made = values;
      if (made == null) {
        made = new long[length];
        for (int i = 0; i < made.length; i++) {
          made[i] = i * 0x9E37_79B9_7F4A_7C15L;
        }
        values = made;
      }
      return made;
    }

    @Override
    protected boolean tieExplains() {
      return true;
    }

    @Override
    public String guidePick() {
      return "multiprocessing";
    }

    @Override
    public List<Long> sequential() {
      var sums = new ArrayList<Long>();
      for (int part = 0; part < PARTS; part++) {
        sums.add(SharedSum.of(values(), part, PARTS));
      }
      return sums;
    }

    @Override
    public List<Long> under(Pool pool) throws InterruptedException {
      // Shared once for each pool, in its first run, which is a warm-up.
      SharedSum sum = shared.computeIfAbsent(pool, p -> SharedSum.share(p, values(), PARTS));
      return sum.run();
    }

    @Override
    public Optional<Step<List<Long>>> expert() {
      var parts = new ArrayList<Integer>();
      for (int part = 0; part < PARTS; part++) {
        parts.add(part);
      }
      return Optional.of(
          new Step<>(
              "threads by hand",
              () ->
                  HandWritten.threads(
                      parts,
                      part -> SharedSum.of(values(), part, PARTS),
                      Runtime.getRuntime().availableProcessors())));
    }

    @Override
    public String why(Comparison comparison) {
      int n = Runtime.getRuntime().availableProcessors();
      double gain = comparison.gain();
      String found = Words.format("%d processors give %.2fx: ", n, gain);
      return gain < 0.9 * n
          ? found + "they wait for the same memory, and no model changes that."
          : found + "here one processor alone does not use up what the memory gives.";
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      double bytes = length * 8.0;
      return List.of(
          Words.format(
              "Read at %.1f GB/s in sequence, %.1f GB/s by %s; %.0f MiB in all.",
              bytes / comparison.sequential().interval().median() / 1e9,
              bytes / comparison.fastest().interval().median() / 1e9,
              comparison.fastest().name(),
              bytes / (1 << 20)));
    }
  }
}
