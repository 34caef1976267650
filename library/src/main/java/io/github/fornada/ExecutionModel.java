package io.github.fornada;

/** How a pool runs its tasks. */
public enum ExecutionModel {
  /** One task after the other, on one thread. */
  SEQUENTIAL("sequential"),
  /** On many virtual threads: for tasks that mostly wait. */
  VIRTUAL_THREADS("virtual"),
  /** On platform threads of this JVM: for tasks that compute. */
  PLATFORM_THREADS("threads"),
  /**
   * In worker JVMs: for tasks that crash, leak memory, hang, or run in a library that allows only
   * one thread at a time.
   */
  PROCESSES("processes"),
  /** On other machines, through a cluster manager. */
  CLUSTER("cluster");

  private final String label;

  ExecutionModel(String label) {
    this.label = label;
  }

  /**
   * Returns the short lower-case name used by the command, in tables and in JSON. It does not
   * change between versions.
   */
  public String label() {
    return label;
  }
}
