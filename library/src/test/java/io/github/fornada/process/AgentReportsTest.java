package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.SideBySide;
import io.github.fornada.process.wire.MessageOutput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an agent tells its pool where entries do not fit. */
@SideBySide
final class AgentReportsTest {
  /** Kind and number of a question, and the levels of an agent. */
  private static final int HEAD = 1 + 8 + 12;

  private final List<byte[]> asked = new ArrayList<>();

  private final AgentReports reports =
      new AgentReports(
          new PoolContact(
              question -> {
                asked.add(question);
                return new MessageOutput().putByte(RemoteWire.OK).putLong(0).toByteArray();
              },
              7),
          new AgentLoad());

  private static byte[] entries(byte[] report) {
    return Arrays.copyOfRange(report, HEAD, report.length);
  }

  @Test
  void anEntryThatBreaksOffLeavesNothingOfItselfInTheReport() throws Exception {
    reports.add(out -> out.putByte(1));
    assertThatThrownBy(() ->
            reports.addEnd(out -> {
              out.putInt(2);
              throw new OutOfMemoryError("as a test");
            }))
        .isInstanceOf(OutOfMemoryError.class);
    reports.add(out -> out.putByte(3));
    assertThat(reports.sendAll(() -> true)).isTrue();
    assertThat(asked).hasSize(1);
    assertThat(entries(asked.getFirst())).containsExactly(1, 3);
  }

  @Test
  void largeResultsGoInReportsOfTheirOwnInTheirOrder() throws Exception {
    int size = 3 << 20;
    for (int k = 0; k < 6; k++) {
      byte[] entry = new byte[size];
      Arrays.fill(entry, (byte) k);
      reports.addEnd(out -> out.write(entry, 0, size));
    }
    assertThat(reports.sendAll(() -> true)).isTrue();
    assertThat(asked).hasSize(3);
    for (int k = 0; k < 6; k++) {
      byte[] report = asked.get(k / 2);
      assertThat(report).hasSize(HEAD + 2 * size);
      assertThat(report[HEAD + k % 2 * size]).isEqualTo((byte) k);
    }
  }
}
