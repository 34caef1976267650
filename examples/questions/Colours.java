import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Why is multithreading slowing down, when it converts colours?
 * https://stackoverflow.com/questions/35264582, mended in JDK 18 by
 * https://github.com/openjdk/jdk/pull/5671. This is a look-alike: one picture at a time is within
 * {@code doTransform}.
 */
public class Colours {
  /** As the native transformation was: one for the whole JVM. */
  static class Transform {
    static synchronized int doTransform(int colour) {
      int sum = colour;
      for (int i = 0; i < 1_500_000; i++) {
        sum ^= sum << 13;
        sum ^= sum >>> 17;
        sum ^= sum << 5;
      }
      return sum;
    }
  }

  public static Integer convert(Integer picture) {
    int read = picture + 1;
    for (int i = 0; i < 40_000; i++) {
      read ^= read << 13;
      read ^= read >>> 17;
      read ^= read << 5;
    }
    return Transform.doTransform(read);
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> pictures = IntStream.range(0, 4_000).boxed().toList();
    return Advisor.measure(pictures, Colours::convert);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
