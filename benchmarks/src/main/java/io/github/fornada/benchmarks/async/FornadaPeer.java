package io.github.fornada.benchmarks.async;

/** placeholder until the room is there */
public final class FornadaPeer {
  private FornadaPeer() {}

  public static void main(String[] args) throws Exception {
    Programs.version("none yet");
  }
}
