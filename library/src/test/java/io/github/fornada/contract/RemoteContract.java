package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What differs in pools whose workers are, or could be, on other machines. */
interface RemoteContract extends TogetherContract, ShareContract {
  /** It has worker JVMs, whichever class it is of. */
  @Override
  default boolean refusesWhatCannotBeSent(Pool pool) {
    return true;
  }

  /** Other machines have a copy of the file, which stays as it was. */
  @Override
  @Test
  default void aSharedFileThatIsTruncatedFailsItsReadersWithItsName() throws Exception {
    Path file = Files.write(folder().resolve("short"), new byte[] {1, 2, 3});
    try (Pool pool = open(1);
        SharedBytes shared = pool.share(file)) {
      Files.write(file, new byte[0]);
      assertThat(pool.map(List.of(1), i -> shared.segment().get(ValueLayout.JAVA_BYTE, i)))
          .containsExactly((byte) 2);
    }
  }
}
