import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;

/**
 * Virtual threads exhaust my connection pool: https://github.com/quarkusio/quarkus/issues/55011,
 * https://github.com/brettwooldridge/HikariCP/issues/2333. There are ten connections, so a few more
 * than ten in flight give all that there is, and the rest would only wait.
 */
public class Connections {
  static final int CONNECTIONS = 10;
  static final int QUERY_MILLIS = 20;

  private static final Semaphore POOL = new Semaphore(CONNECTIONS);

  static void getConnection() throws InterruptedException {
    POOL.acquire();
  }

  public static Integer query(Integer id) throws InterruptedException {
    getConnection();
    try {
      Thread.sleep(QUERY_MILLIS);
      return id;
    } finally {
      POOL.release();
    }
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> ids = IntStream.range(0, 3_000).boxed().toList();
    return Advisor.measure(ids, Connections::query);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
