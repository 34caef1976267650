package io.github.fornada.process.host;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;

/** The file descriptors that this process has left. */
public final class Descriptors {
  /** A small file of the JDK's, which is there as long as the JVM can run. */
  public static final File FILE = new File(System.getProperty("java.home"), "lib/tzdb.dat");

  private Descriptors() {}

  /** Returns whether this process can open no file at this moment. */
  public static boolean areSpent() {
    try {
      new FileInputStream(FILE).close();
      return false;
    } catch (IOException e) {
      return FILE.exists(); // looking for it opens nothing
    }
  }

  /**
   * Checks that this process can open so many files at once.
   *
   * @throws IOException if it cannot
   */
  static void require(int count) throws IOException {
    var held = new ArrayList<InputStream>();
    try {
      for (int i = 0; i < count; i++) {
        held.add(new FileInputStream(FILE));
      }
    } finally {
      held.forEach(HandshakeServer::closeQuietly);
    }
  }
}
