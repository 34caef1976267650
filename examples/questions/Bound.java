import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/**
 * Is my code bound by the interpreter's lock, so that I need processes instead of threads?
 * https://github.com/dask/dask/issues/6391, https://github.com/dask/distributed/issues/7290. The
 * JVM has no such lock, but a program may have its own: this one for four fifths of each item.
 */
public class Bound {
  private static final ReentrantLock INTERPRETER = new ReentrantLock();

  public static Integer task(Integer number) {
    int prepared = compute(number + 1, 300_000);
    INTERPRETER.lock();
    try {
      return compute(prepared, 1_200_000);
    } finally {
      INTERPRETER.unlock();
    }
  }

  private static int compute(int from, int steps) {
    int x = from;
    for (int i = 0; i < steps; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
    }
    return x;
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> numbers = IntStream.range(0, 4_000).boxed().toList();
    return Advisor.measure(numbers, Bound::task);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
