import io.github.fornada.advice.Advice;
import io.github.fornada.advice.Advisor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One thread is faster than three or 22: https://github.com/AdamaJava/adamajava/issues/277. All of
 * them wait for the one lock within a native library, as HDF5 has it; here it is a mutex of the C
 * library. Java's own tools show such threads as running.
 */
public class Hdf5 {
  private static final MethodHandle LOCK = function("pthread_mutex_lock");
  private static final MethodHandle UNLOCK = function("pthread_mutex_unlock");
  private static final MemorySegment MUTEX = Arena.global().allocate(64, 16);

  private static MethodHandle function(String name) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
  }

  public static Integer read(Integer chunk) throws Throwable {
    int sum = (int) LOCK.invokeExact(MUTEX) + chunk + 1;
    try {
      for (int i = 0; i < 1_500_000; i++) {
        sum ^= sum << 13;
        sum ^= sum >>> 17;
        sum ^= sum << 5;
      }
      return sum;
    } finally {
      int done = (int) UNLOCK.invokeExact(MUTEX);
    }
  }

  /** As the interface wants it: a function throws exceptions. */
  static Integer chunk(Integer number) throws Exception {
    try {
      return read(number);
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  public static Advice advice() throws InterruptedException {
    List<Integer> chunks = IntStream.range(0, 4_000).boxed().toList();
    return Advisor.measure(chunks, Hdf5::chunk);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.print(advice().text());
  }
}
