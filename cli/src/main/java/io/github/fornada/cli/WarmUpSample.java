package io.github.fornada.cli;

import java.io.File;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Functions of the command's own that stand for a user's: {@link WarmUp} runs them. The loader of
 * tasks defines this class from its bytes, as if it were compiled from a user's file, so it uses
 * the JDK only.
 */
@SuppressWarnings("unused") // called by their names
class WarmUpSample {
  String echo(String item) {
    return item;
  }

  Object echo(Path item) {
    return "";
  }

  Object echo(File item) {
    return "";
  }

  Object echo(URI item) {
    return "";
  }

  int echo(int item) {
    return item;
  }

  long echo(long item) {
    return item;
  }

  double echo(double item) {
    return item;
  }

  Integer echo(Integer item) {
    return item;
  }

  Long echo(Long item) {
    return item;
  }

  Double echo(Double item) {
    return item;
  }

  /** Of a type that has a constructor for a text. */
  Object echo(StringBuilder item) {
    return "";
  }

  /** Of a type that has a factory method for a text. */
  Object echo(Duration item) {
    return "";
  }
}
