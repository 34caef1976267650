package io.github.fornada.advice.sense;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.advice.sense.NativeThread.Call;
import org.junit.jupiter.api.Test;

/** What lines of the kernel mean. */
final class NativeThreadTest {
  private static Call call(String line, String arch) {
    return NativeThread.call(
        line, arch, descriptor -> descriptor == 0x1a ? "socket:[4711]" : "/data/items.txt");
  }

  @Test
  void systemCallsAreToldByTheirNumber() {
    assertThat(call("202 0x7f398d197000 0x80 0x0 0x0 0x0 0x0 0x7ffc 0x7f39", "amd64"))
        .isEqualTo(Call.FUTEX);
    assertThat(call("98 0x7f398d197000 0x80 0x0 0x0 0x0 0x0 0x7ffc 0x7f39", "aarch64"))
        .isEqualTo(Call.FUTEX);
    assertThat(call("7 0x7f398d197000 0x1 0xffffffff 0x0 0x0 0x0 0x7ffc 0x7f39", "amd64"))
        .isEqualTo(Call.SOCKET);
    assertThat(call("230 0x1 0x0 0x7f 0x0 0x0 0x0 0x7ffc 0x7f39", "amd64")).isEqualTo(Call.SLEEP);
    assertThat(call("running\n", "amd64")).isEqualTo(Call.RUNS);
    assertThat(call("-1 0x7ffc 0x7f39", "amd64")).isEqualTo(Call.FILE);
    assertThat(call("202 0x0", "riscv64")).isEqualTo(Call.OTHER);
  }

  @Test
  void readsAreToldByWhereTheirDescriptorLeads() {
    assertThat(call("0 0x1a 0x7f398d197000 0x20000 0x22 0xff 0x0 0x7ffc 0x7f39", "amd64"))
        .isEqualTo(Call.SOCKET);
    assertThat(call("0 0x1b 0x7f398d197000 0x20000 0x22 0xff 0x0 0x7ffc 0x7f39", "amd64"))
        .isEqualTo(Call.FILE);
    assertThat(call("0", "amd64")).isEqualTo(Call.OTHER);
  }

  @Test
  void numbersOfALineAreFound() {
    assertThat(NativeThread.number("78136 49984 2\n", 0)).isEqualTo(78_136);
    assertThat(NativeThread.number("78136 49984 2\n", 1)).isEqualTo(49_984);
    assertThat(NativeThread.number("78136 49984 2\n", 3)).isEqualTo(-1);
    assertThat(NativeThread.number("-1\n", 0)).isEqualTo(-1);
    assertThat(NativeThread.number("", 0)).isEqualTo(-1);
  }
}
