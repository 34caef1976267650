import io.github.fornada.process.ProcessPool;
import io.github.fornada.shared.SharedCounter;
import io.github.fornada.shared.SharedSpace;
import java.time.Duration;
import java.util.stream.IntStream;

/** A counter that all workers move: the program tells how far they are while they work. */
public class Progress {
  static void main() throws Exception {
    int items = 200;
    try (var pool = ProcessPool.open()) {
      SharedCounter done = SharedSpace.of(pool).counter(0);
      var tasks =
          IntStream.range(0, items)
              .mapToObj(i ->
                  pool.submit(i, n -> {
                    long primes = IntStream.range(2, 20_000 + n).filter(Progress::isPrime).count();
                    done.increment();
                    return primes;
                  }))
              .toList();
      while (!done.awaitAtLeast(items, Duration.ofMillis(200))) {
        System.out.println(done.get() + " of " + items);
        if (tasks.stream().allMatch(task -> task.isDone())) {
          break; // a task that died has not counted
        }
      }
      System.out.println(tasks.getLast().join() + " primes in the last");
    }
  }

  private static boolean isPrime(int n) {
    return IntStream.rangeClosed(2, (int) Math.sqrt(n)).noneMatch(d -> n % d == 0);
  }
}
