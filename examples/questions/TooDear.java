import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.text.SimpleDateFormat;
import java.util.Collections;
import java.util.Date;
import java.util.List;

/**
 * The parallel job takes more time than the plain one, for the other reason: what has to be sent
 * with each item costs more than it saves. See {@link TooSmall}.
 */
public class TooDear {
  /** Not safe for threads, so only worker processes could help. */
  private static final SimpleDateFormat FORMAT = new SimpleDateFormat("yyyy-MM-dd");

  public static Integer format(byte[] table) {
    int length = 0;
    for (int i = 0; i < 300; i++) {
      length += FORMAT.format(new Date(86_400_000L * (i + table[i]))).length();
    }
    return length;
  }

  public static Advice advice() throws InterruptedException {
    List<byte[]> tables = Collections.nCopies(6_000, new byte[3_000_000]);
    return Advisor.measure(tables, TooDear::format);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
