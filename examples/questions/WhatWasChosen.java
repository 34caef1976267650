import io.github.fornada.advice.Advice;
import io.github.fornada.advice.AutoPool;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How do I see what was chosen? https://github.com/tensorflow/tensorflow/issues/58819,
 * https://github.com/rlaope/Argus/issues/226. Each choice is told with its reason while the work
 * goes on, and at its end everything that was found out.
 */
public class WhatWasChosen {
  public static Integer nap(Integer millis) throws InterruptedException {
    Thread.sleep(millis);
    return millis;
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> naps = IntStream.range(0, 2_000).map(i -> 20).boxed().toList();
    try (var pool = AutoPool.open(o -> o.withoutMemory().withChoiceListener(choice ->
        System.out.println("now: " + choice)))) {
      pool.map(naps, WhatWasChosen::nap);
      return pool.advice();
    }
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
