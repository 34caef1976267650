package io.github.fornada.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that are for clusters only. */
final class ClusterOptions {
  @Option(
      names = "--conf",
      paramLabel = "NAME=VALUE",
      description =
          "With --on and a cluster: a setting of Spark's, such as spark.executor.memory=2g. May be"
              + " given several times.")
  private List<String> settings = new ArrayList<>();

  @Option(
      names = "--fetch",
      description =
          "With --on and a cluster: let Maven fetch Spark where SPARK_HOME is not set, some 220 MB"
              + " once.")
  private boolean fetch;

  /** Returns whether Spark may be fetched. */
  boolean fetches() {
    return fetch;
  }

  /**
   * Checks that none of them was given without a cluster.
   *
   * @throws Fault if one was
   */
  void mustBeAbsent() {
    if (fetch || !settings.isEmpty()) {
      throw Fault.usage(
          (fetch ? "--fetch" : "--conf")
              + " is for a cluster: add --on with its address, such as --on spark://host:7077");
    }
  }

  /**
   * Returns Spark's settings: those of its installation, as for {@code spark-submit}, and those
   * that were given, which come first.
   *
   * @throws Fault if one has not the form of a setting, or the file cannot be read
   */
  Map<String, String> all() {
    var all = new TreeMap<String, String>();
    Path folder = configuration();
    Path file = folder == null ? null : folder.resolve("spark-defaults.conf");
    if (file != null && Files.exists(file)) {
      var defaults = new Properties();
      try (Reader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        defaults.load(in);
      } catch (IOException | IllegalArgumentException e) {
        throw Fault.usage("Spark's settings in " + file + " cannot be read: " + e.getMessage());
      }
      for (String name : defaults.stringPropertyNames()) {
        if (name.startsWith("spark.")) {
          all.put(name, defaults.getProperty(name).strip());
        }
      }
    }
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      if (equals < 1 || !setting.startsWith("spark.")) {
        throw Fault.usage(
            "--conf is NAME=VALUE, such as spark.executor.memory=2g, got \"" + setting + "\"");
      }
      all.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
    return all;
  }

  /** Returns the folder of Spark's settings; null if there is none. */
  static @Nullable Path configuration() {
    Path chosen = ClusterJars.folder("SPARK_CONF_DIR");
    Path home = ClusterJars.folder("SPARK_HOME");
    return chosen != null ? chosen : home == null ? null : home.resolve("conf");
  }
}
