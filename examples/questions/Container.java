import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How many processors do I have in my container?
 * https://github.com/kubernetes/kubernetes/issues/84876,
 * https://github.com/adoptium/adoptium-support/issues/638. A quota of 1.5 cores shows as two
 * processors: two threads give 1.5 times as much, and more cannot help.
 */
public class Container {
  public static Integer work(Integer number) {
    int x = number + 1;
    for (int i = 0; i < 3_000_000; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
    }
    return x;
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> numbers = IntStream.range(0, 3_000).boxed().toList();
    return Advisor.measure(numbers, Container::work);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
