package io.github.fornada.process.worker;

import io.github.fornada.process.host.Descriptors;
import java.io.FileInputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * File descriptors that this worker holds back for itself. A task may use up all that the process
 * may have. To report that, classes may have to be read from a folder, and files of the JDK's own;
 * a class whose loading has failed once never loads again. So these are let go before.
 */
final class SpareFiles {
  /** One file is read at a time, and another thread may need one meanwhile. */
  private static final int COUNT = 3; // Guess

  private static final @Nullable FileInputStream[] HELD = new FileInputStream[COUNT];

  private SpareFiles() {}

  /** Holds them from now on, as far as there are any. */
  static synchronized void hold() {
    try {
      for (int i = 0; i < COUNT; i++) {
        if (HELD[i] == null) {
          HELD[i] = new FileInputStream(Descriptors.FILE);
        }
      }
    } catch (IOException e) {
      // There are none to hold.
    }
  }

  /** Lets them go: what follows needs them. */
  static synchronized void release() {
    for (int i = 0; i < COUNT; i++) {
      FileInputStream held = HELD[i];
      HELD[i] = null;
      if (held != null) {
        try {
          held.close();
        } catch (IOException e) {
          // It is gone all the same.
        }
      }
    }
  }

  /** Returns whether this process can open no file any more. */
  static synchronized boolean areUsedUp() {
    release();
    return Descriptors.areSpent();
  }
}
