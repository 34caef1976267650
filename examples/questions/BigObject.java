import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.util.Collections;
import java.util.List;

/**
 * Processes are 1,000 times slower when the object is big:
 * https://github.com/joblib/joblib/issues/1733. Each item would ship 48 MB. The library that uses
 * it is locked, so worker processes would be the way, if the object were shared ({@code
 * pool.share}) instead of sent.
 */
public class BigObject {
  static final int BYTES = 48_000_000;

  public static synchronized Long use(byte[] model) {
    long sum = 0;
    for (int i = 0; i < 2_000_000; i++) {
      sum += model[i];
    }
    return sum;
  }

  public static Advice advice() throws InterruptedException {
    List<byte[]> models = Collections.nCopies(5_000, new byte[BYTES]);
    return Advisor.measure(models, BigObject::use);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
