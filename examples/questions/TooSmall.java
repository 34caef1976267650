import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The parallel job takes more time than the plain one: https://github.com/joblib/joblib/issues/317
 * and https://github.com/rayon-rs/rayon/issues/648. There are two reasons: items too small, here,
 * and items too dear to send, in {@link TooDear}.
 */
public class TooSmall {
  public static Double root(Integer n) {
    return Math.sqrt(n);
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> numbers = IntStream.range(0, 4_000_000).boxed().toList();
    return Advisor.measure(numbers, TooSmall::root);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
