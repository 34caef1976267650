import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Virtual threads or a pool of threads for comparing submissions? Two machines disagreed by 5 %:
 * https://github.com/jplag/JPlag/issues/3070. The tasks only compute, so there is no difference.
 */
public class Submissions {
  /** The longest common part of two texts that are made from the number. */
  public static Integer compare(Integer pair) {
    String a = text(pair);
    String b = text(pair + 1);
    int[] row = new int[b.length() + 1];
    int longest = 0;
    for (int i = 0; i < a.length(); i++) {
      int diagonal = 0;
      for (int j = 0; j < b.length(); j++) {
        int above = row[j + 1];
        row[j + 1] = a.charAt(i) == b.charAt(j) ? diagonal + 1 : 0;
        longest = Math.max(longest, row[j + 1]);
        diagonal = above;
      }
    }
    return longest;
  }

  private static String text(int seed) {
    var text = new StringBuilder();
    for (int i = 0, x = seed; i < 2_000; i++, x = x * 1_664_525 + 1_013_904_223) {
      text.append((char) ('a' + (x >>> 28) % 4));
    }
    return text.toString();
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> pairs = IntStream.range(0, 800).boxed().toList();
    return Advisor.measure(pairs, Submissions::compare);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
