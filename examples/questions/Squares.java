import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Why is the parallel stream slower? 600 ms against 900 on two cores:
 * https://java.tutorialink.com/java-8s-streams-why-parallel-stream-is-slower. An item takes less
 * time than it takes to hand it over.
 */
public class Squares {
  public static Integer square(Integer n) {
    return n * n % 1_000;
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> numbers = IntStream.range(0, 4_000_000).boxed().toList();
    return Advisor.measure(numbers, Squares::square);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
