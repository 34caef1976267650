package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputsTest {
  @TempDir Path folder;

  @Test
  void anItemThatIsTooLongToNameAFileIsNotCopiedToSeeWhetherItDoes() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    String page = "x".repeat(10_000_000);
    try (var outputs = Outputs.of(folder.resolve("out.txt"), null, null)) {
      long before = threads.getCurrentThreadAllocatedBytes();
      outputs.mustNotBeItem(page, Inputs.ItemKind.TEXT);
      outputs.laterItem(page, Inputs.ItemKind.FILE, "Parse.parse");
      assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(page.length() / 2);
      assertThat(outputs.conflict()).isNull();
    }
  }

  @Test
  void anItemThatIsAnOutputIsRefused() {
    Path out = folder.resolve("out.txt");
    try (var outputs = Outputs.of(out, null, null)) {
      assertThatThrownBy(() -> outputs.mustNotBeItem(out.toString(), Inputs.ItemKind.FILE))
          .isInstanceOf(Fault.class)
          .hasMessageContaining("the input " + out);
      outputs.laterItem(out.toString(), Inputs.ItemKind.FILE, "Parse.parse");
      assertThat(outputs.conflict()).hasMessageContaining("the item " + out + " of Parse.parse");
    }
  }
}
