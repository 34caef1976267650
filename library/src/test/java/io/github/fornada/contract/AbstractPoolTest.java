package io.github.fornada.contract;

import io.github.fornada.SideBySide;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the classes that run the suite share. A test that hangs is stopped and says where. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SideBySide
abstract class AbstractPoolTest
    implements CarrierContract,
        ExecutorContract,
        LifeContract,
        ListenerContract,
        MapContract,
        ShareContract,
        StreamContract,
        TimeContract,
        UserCodeContract {
  @TempDir Path folder;

  @Override
  public Path folder() {
    return folder;
  }
}
