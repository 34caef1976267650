import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * All processors are busy with a connection pool and virtual threads:
 * https://github.com/brettwooldridge/HikariCP/issues/2398. Who finds no connection yields and tries
 * again, so the more are in flight, the more only spin. Few in flight are as fast.
 */
public class Spinning {
  static final int CONNECTIONS = 4;
  static final int QUERY_MILLIS = 10;

  private static final Semaphore BAG = new Semaphore(CONNECTIONS);

  static void borrow() {
    for (int spins = 1; !BAG.tryAcquire(); spins++) {
      if (spins % 256 == 0) {
        LockSupport.parkNanos(10_000);
      } else {
        Thread.yield();
      }
    }
  }

  public static Integer query(Integer id) throws InterruptedException {
    borrow();
    try {
      Thread.sleep(QUERY_MILLIS);
      return id;
    } finally {
      BAG.release();
    }
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> ids = IntStream.range(0, 2_000).boxed().toList();
    return Advisor.measure(ids, Spinning::query);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
