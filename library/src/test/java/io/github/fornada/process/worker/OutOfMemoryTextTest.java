package io.github.fornada.process.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.process.Pools;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever kind of memory a worker lacks, the message says how to give it more. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class OutOfMemoryTextTest {
  private static Pool pool;

  @BeforeAll
  static void open() {
    pool =
        Pools.open(
            1, o -> o.withJvmOptions("-XX:MaxMetaspaceSize=32m", "-XX:MaxDirectMemorySize=8m"));
  }

  @AfterAll
  static void end() throws InterruptedException {
    Pools.end(pool);
  }

  enum Kind {
    HEAP("withHeap") {
      @Override
      int exhaust() {
        List<Object> hoard = new ArrayList<>();
        while (hoard.size() < 1_000_000) {
          hoard.add(new byte[1 << 20]);
        }
        return hoard.size();
      }
    },
    METASPACE("-XX:MaxMetaspaceSize") {
      @Override
      int exhaust() throws IOException {
        byte[] file;
        try (InputStream in = Twin.class.getResourceAsStream("OutOfMemoryTextTest$Twin.class")) {
          file = in.readAllBytes();
        }
        List<Object> hoard = new ArrayList<>();
        while (hoard.size() < 1_000_000) {
          hoard.add(new Loader().define(file));
        }
        return hoard.size();
      }
    },
    DIRECT("-XX:MaxDirectMemorySize") {
      @Override
      int exhaust() {
        List<Object> hoard = new ArrayList<>();
        while (hoard.size() < 1_000_000) {
          hoard.add(ByteBuffer.allocateDirect(1 << 20));
        }
        return hoard.size();
      }
    },
    ARRAY("no Java array can be that long") {
      @Override
      int exhaust() {
        return new byte[Integer.MAX_VALUE].length;
      }
    };

    final String advice;

    Kind(String advice) {
      this.advice = advice;
    }

    abstract int exhaust() throws IOException;
  }

  static final class Twin {}

  private static final class Loader extends ClassLoader {
    Class<?> define(byte[] file) {
      return defineClass(Twin.class.getName(), file, 0, file.length);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void theAdviceIsAboutWhatWasShort(Kind kind) throws Exception {
    var thrown =
        assertThatThrownBy(() -> Pools.soon(pool.submit(kind, Kind::exhaust)))
            .hasRootCauseInstanceOf(OutOfMemoryError.class)
            .hasMessageContaining(kind.advice);
    if (kind != Kind.HEAP) {
      thrown.hasMessageNotContaining("withHeap");
    }
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  @Test
  void adviceForThreadsAndForClassSpace() {
    // In the JVM's own words; to exhaust these would harm others on this machine.
    assertThat(
            OutOfMemoryText.advice(
                "unable to create native thread: possibly out of memory or process/resource"
                    + " limits reached",
                "1g"))
        .contains("ulimit -u")
        .doesNotContain("withHeap");
    assertThat(OutOfMemoryText.advice("Compressed class space", "1g"))
        .contains("-XX:CompressedClassSpaceSize");
  }

  @Test
  void anErrorOfTheUsersOwnKeepsItsMessage() {
    assertThatThrownBy(() ->
            Pools.soon(
                pool.submit(
                    7,
                    x -> {
                      throw new OwnError("cache of " + x);
                    })))
        .hasRootCauseMessage("cache of 7");
  }

  static final class OwnError extends OutOfMemoryError {
    OwnError(String message) {
      super(message);
    }
  }

  @Test
  void anArrayTooLargeForAnyWorkerCostsOne() throws Exception {
    var workers = new Pools.Workers();
    try (Pool small =
        Pools.open(2, o -> o.withJvmOptions("-XX:+ExitOnOutOfMemoryError").withListener(workers))) {
      var array = new byte[100 << 20];
      Outcome<Integer> outcome =
          small.outcomes(List.of(array), bytes -> bytes.length).findFirst().orElseThrow();
      assertThat(outcome).isInstanceOf(Outcome.WorkerLost.class);
      assertThat(small.submit(1, i -> i + 1).get()).isEqualTo(2);
    }
    assertThat(workers.lost).hasSize(1);
  }
}
