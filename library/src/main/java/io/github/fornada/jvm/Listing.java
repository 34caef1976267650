package io.github.fornada.jvm;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What is in a folder. A {@link DirectoryStream} throws an unchecked exception where the folder can
 * be opened and not read, which is easily forgotten.
 */
public final class Listing {
  private Listing() {}

  /**
   * Returns the entries whose names match {@code glob}, as for {@link
   * Files#newDirectoryStream(Path, String)}.
   *
   * @throws IOException if the folder cannot be opened or read
   */
  public static List<Path> of(Path folder, String glob) throws IOException {
    var found = new ArrayList<Path>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
      for (Path entry : entries) {
        found.add(entry);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }
}
