import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;

/**
 * Can threads read compressed HDF5 faster? Only one processor is busy:
 * https://github.com/h5py/h5py/issues/591. Reading and unpacking happens under the library's lock.
 * Worker processes have a lock each, but every chunk has to be sent back.
 */
public class Compressed {
  private static final byte[] CHUNK = new byte[512 * 1024];

  public static byte[] read(Integer number) {
    synchronized (Compressed.class) {
      var sum = new CRC32();
      for (int i = 0; i < 60; i++) {
        sum.update(CHUNK);
      }
      byte[] unpacked = CHUNK.clone();
      unpacked[0] = (byte) (sum.getValue() + number);
      return unpacked;
    }
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> chunks = IntStream.range(0, 3_000).boxed().toList();
    return Advisor.measure(chunks, Compressed::read);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
