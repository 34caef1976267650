package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.Waiting;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What {@link Pool#share} and {@link SharedBytes} promise. */
interface ShareContract extends PoolUnderTest {
  private static byte[] bytes() {
    byte[] bytes = new byte[100_000];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31);
    }
    return bytes;
  }

  private static byte at(SharedBytes shared, int i) {
    return shared.segment().get(ValueLayout.JAVA_BYTE, i);
  }

  @Test
  default void aLambdaThatCapturesSharedBytesReadsThem() throws Exception {
    byte[] bytes = bytes();
    try (Pool pool = open(2);
        SharedBytes shared = pool.share(bytes)) {
      List<Integer> places = IntStream.range(0, 1000).map(i -> i * 97).boxed().toList();
      List<Byte> expected = places.stream().map(i -> bytes[i]).toList();
      assertThat(pool.map(places, i -> at(shared, i))).isEqualTo(expected);
      assertThat(at(shared, 97)).as("who shared them reads them, too").isEqualTo(bytes[97]);
      assertThat(shared.byteSize()).isEqualTo(bytes.length);
    }
  }

  /** Something that carries shared bytes. */
  record Part(SharedBytes of, int at) implements Serializable {}

  @Test
  default void sharedBytesAreAnItemOrPartOfOneAndComeBack() throws Exception {
    byte[] bytes = bytes();
    try (Pool pool = open(2);
        SharedBytes shared = pool.share(bytes)) {
      assertThat(pool.map(Collections.nCopies(5, shared), b -> at(b, 1)))
          .isEqualTo(Collections.nCopies(5, bytes[1]));
      assertThat(pool.map(List.of(new Part(shared, 2)), part -> at(part.of(), part.at())))
          .containsExactly(bytes[2]);
      SharedBytes back = get(pool.submit(shared, b -> b));
      assertThat(at(back, 3)).isEqualTo(bytes[3]);
    }
  }

  private static SharedBytes get(java.util.concurrent.CompletableFuture<SharedBytes> future)
      throws Exception {
    return PoolUnderTest.get(future);
  }

  @Test
  default void anArrayOfAnyPrimitiveTypeIsShared() throws Exception {
    double[] numbers = IntStream.range(0, 5000).mapToDouble(i -> i / 3.0).toArray();
    try (Pool pool = open(1);
        SharedBytes shared = pool.share(MemorySegment.ofArray(numbers))) {
      assertThat(
              pool.map(
                  List.of(0, 17, 4999),
                  i -> shared.segment().getAtIndex(ValueLayout.JAVA_DOUBLE, i)))
          .containsExactly(numbers[0], numbers[17], numbers[4999]);
    }
  }

  @Test
  default void aFileIsShared() throws Exception {
    byte[] bytes = bytes();
    Path file = Files.write(folder().resolve("a file"), bytes);
    try (Pool pool = open(2);
        SharedBytes shared = pool.share(file)) {
      assertThat(pool.map(List.of(5, 6), i -> at(shared, i))).containsExactly(bytes[5], bytes[6]);
      assertThat(shared.byteSize()).isEqualTo(bytes.length);
    }
    assertThat(file).as("the user's own file").hasBinaryContent(bytes);
  }

  @Test
  default void whatIsEmptyIsSharedToo() throws Exception {
    Path file = Files.createFile(folder().resolve("empty"));
    try (Pool pool = open(1);
        SharedBytes bytes = pool.share(new byte[0]);
        SharedBytes content = pool.share(file)) {
      assertThat(
              pool.map(
                  List.of(1), i -> bytes.segment().byteSize() + content.segment().byteSize() + i))
          .containsExactly(1L);
    }
  }

  @Test
  default void aFileThatIsNotThereIsNamed() {
    Path missing = folder().resolve("missing");
    try (Pool pool = open(1)) {
      assertThatThrownBy(() -> pool.share(missing))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining(missing.toString());
    }
  }

  @Test
  default void aFolderIsNotShared() {
    try (Pool pool = open(1)) {
      assertThatThrownBy(() -> pool.share(folder()))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining(folder() + " is a folder")
          .hasMessageContaining("share each file in it");
    }
  }

  @Test
  default void whatIsNoRegularFileIsNotShared() {
    Path device = Path.of("/dev/null");
    if (Files.exists(device)) {
      try (Pool pool = open(1)) {
        assertThatThrownBy(() -> pool.share(device))
            .isInstanceOf(UncheckedIOException.class)
            .hasMessageContaining("is no regular file");
      }
    }
  }

  @Test
  default void aSharedFileThatIsReplacedKeepsItsBytesOrSaysSo() throws Exception {
    byte[] bytes = bytes();
    Path file = Files.write(folder().resolve("replaced"), bytes);
    Path other = Files.write(folder().resolve("other"), new byte[bytes.length]);
    try (Pool pool = open(2);
        SharedBytes shared = pool.share(file)) {
      Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
      for (Outcome<Byte> outcome : pool.outcomes(List.of(5, 6, 7), i -> at(shared, i)).toList()) {
        if (outcome instanceof Outcome.Done<Byte>(Byte value)) {
          assertThat(value).isIn(bytes[5], bytes[6], bytes[7]).isNotEqualTo((byte) 0);
        } else {
          assertThatThrownBy(outcome::get)
              .hasMessageContaining("replaced is another file")
              .hasMessageContaining("Share it again");
        }
      }
    }
  }

  @Test
  default void aReplacementDoesNotChangeWhatAWorkerHasMapped() throws Exception {
    byte[] bytes = bytes();
    Path file = Files.write(folder().resolve("replaced later"), bytes);
    Path other = Files.write(folder().resolve("another"), new byte[bytes.length]);
    try (Pool pool = open(1);
        SharedBytes shared = pool.share(file)) {
      assertThat(pool.map(List.of(5), i -> at(shared, i))).containsExactly(bytes[5]);
      Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
      assertThat(pool.map(List.of(6), i -> at(shared, i))).containsExactly(bytes[6]);
    }
  }

  @Test
  default void aSharedFileThatIsTruncatedFailsItsReadersWithItsName() throws Exception {
    byte[] bytes = bytes();
    Path file = Files.write(folder().resolve("truncated"), bytes);
    try (Pool pool = open(1);
        SharedBytes shared = pool.share(file)) {
      assertThat(pool.map(List.of(5), i -> at(shared, i))).containsExactly(bytes[5]);
      Files.write(file, new byte[] {1});
      Outcome<Byte> outcome =
          pool.outcomes(List.of(90_000), i -> at(shared, i)).toList().getFirst();
      assertThat(outcome).isInstanceOf(Outcome.Failed.class);
      assertThat(((Outcome.Failed<Byte>) outcome).cause())
          .isInstanceOf(InternalError.class)
          .hasMessageContaining("truncated was truncated while it was shared")
          .hasMessageContaining("100000 bytes");
      assertThat(pool.map(List.of(1), i -> i + 1)).containsExactly(2);
    }
  }

  @Test
  default void theBytesAreReadOnly() throws Exception {
    try (Pool pool = open(1);
        SharedBytes shared = pool.share(bytes())) {
      assertThat(shared.segment().isReadOnly()).isTrue();
      assertThat(pool.map(List.of(1), i -> shared.segment().isReadOnly())).containsExactly(true);
    }
  }

  @Test
  default void afterTheCloseUseFailsAndSaysWhatToDo() throws Exception {
    Path file = Files.write(folder().resolve("file"), bytes());
    try (Pool pool = open(1)) {
      for (SharedBytes shared : List.of(pool.share(bytes()), pool.share(file))) {
        assertThat(pool.map(List.of(0), i -> at(shared, i))).hasSize(1);
        shared.close();
        shared.close();
        assertThatThrownBy(shared::segment)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("keep both open");
        Waiting.until("the task fails, too", () -> fails(pool, shared));
        assertThat(shared.byteSize()).isEqualTo(100_000);
      }
    }
  }

  private static boolean fails(Pool pool, SharedBytes shared) {
    String message =
        pool.submit(
                0,
                i -> {
                  try {
                    return "read " + at(shared, i);
                  } catch (IllegalStateException e) {
                    return e.getMessage();
                  }
                })
            .join();
    return message.contains("keep both open");
  }

  @Test
  default void thePoolClosesWhatIsLeft() {
    SharedBytes shared;
    try (Pool pool = open(1)) {
      shared = pool.share(bytes());
    }
    assertThatThrownBy(shared::segment)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("or their pool was");
  }

  @Test
  default void aPoolThatIsShutDownSharesNothing() {
    try (Pool pool = open(1)) {
      pool.shutdown();
      assertThatThrownBy(() -> pool.share(bytes())).isInstanceOf(RejectedExecutionException.class);
    }
  }
}
