package io.github.fornada.cli;

import java.util.regex.Pattern;

/** The addresses of clusters that stand for a model, as {@code spark-submit} takes them. */
final class ClusterAddress {
  private static final Pattern ANY =
      Pattern.compile("spark://.*|yarn|k8s://.*|local|local\\[.*|local-cluster\\[.*");

  private ClusterAddress() {}

  /** Returns whether a text names a cluster, or was meant to. */
  static boolean isMeant(String text) {
    return ANY.matcher(text).matches();
  }

  /** Returns what is said where a cluster cannot be had. */
  static String refusal(String address) {
    return "\""
        + address
        + "\" is a cluster, which only \"fornada run\" has, for one function: compare, and the"
        + " stages of a pipeline, run on this machine";
  }
}
