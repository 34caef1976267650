package io.github.fornada.stress;

import java.time.Duration;
import java.util.Locale;

/**
 * What to run. The same seed makes the same choices; the moments of kills differ each time.
 *
 * @param only name of the one storm to run; empty for all
 */
record Settings(
    long seed,
    String only,
    int workers,
    int tasks,
    Duration killPause,
    Duration mix,
    Duration soak,
    int pools,
    int pipelines,
    int flow) {

  private static final Settings SHORT =
      new Settings(
          0,
          "",
          3,
          100_000,
          Duration.ofMillis(200),
          Duration.ofSeconds(10),
          Duration.ofSeconds(20),
          25,
          10,
          1_000_000);

  private static final Settings LONG =
      new Settings(
          0,
          "",
          3,
          2_000_000,
          Duration.ofMillis(250),
          Duration.ofMinutes(15),
          Duration.ofHours(1),
          1000,
          100,
          10_000_000);

  static final String USAGE =
      """
      usage: stress/run [--short | --long] [option]...
        --only=STORM      only this one: kills, mix, pools, soak, stages or flow
        --seed=N          the choices of an earlier run
        --workers=N       worker JVMs of the pools that are killed (3)
        --tasks=N         items of the kill storm (100000; long: 2000000)
        --kill-every=MS   mean pause between two kills, of which there is one for each 1000 items at most (200; long: 250)
        --mix=SECONDS     length of the mixed storm (10; long: 900)
        --soak=SECONDS    length of the soak (20; long: 3600)
        --pools=N         pools opened and closed (25; long: 1000)
        --pipelines=N     pipelines of random stages whose summary is put to the test (10; long: 100)
        --flow=N          items through one pipeline (1000000; long: 10000000)
      """;

  static Settings parse(String[] arguments) {
    Settings settings = SHORT.withSeed(System.nanoTime() & 0xFFFF_FFFFL);
    for (String argument : arguments) {
      if (argument.equals("--long")) {
        settings = LONG.withSeed(settings.seed);
      }
    }
    for (String argument : arguments) {
      if (!argument.equals("--short") && !argument.equals("--long")) {
        settings = settings.with(argument);
      }
    }
    return settings;
  }

  private Settings withSeed(long value) {
    return new Settings(value, only, workers, tasks, killPause, mix, soak, pools, pipelines, flow);
  }

  private Settings with(String argument) {
    int equals = argument.indexOf('=');
    if (!argument.startsWith("--") || equals < 0) {
      throw new IllegalArgumentException("unknown option " + argument);
    }
    String name = argument.substring(2, equals);
    String value = argument.substring(equals + 1);
    if (name.equals("only")) {
      return new Settings(
          seed,
          value.toLowerCase(Locale.ROOT),
          workers,
          tasks,
          killPause,
          mix,
          soak,
          pools,
          pipelines,
          flow);
    }
    long number = Long.parseLong(value);
    return switch (name) {
      case "seed" -> withSeed(number);
      case "workers" ->
          new Settings(
              seed, only, (int) number, tasks, killPause, mix, soak, pools, pipelines, flow);
      case "tasks" ->
          new Settings(
              seed, only, workers, (int) number, killPause, mix, soak, pools, pipelines, flow);
      case "kill-every" ->
          new Settings(
              seed,
              only,
              workers,
              tasks,
              Duration.ofMillis(number),
              mix,
              soak,
              pools,
              pipelines,
              flow);
      case "mix" ->
          new Settings(
              seed,
              only,
              workers,
              tasks,
              killPause,
              Duration.ofSeconds(number),
              soak,
              pools,
              pipelines,
              flow);
      case "soak" ->
          new Settings(
              seed,
              only,
              workers,
              tasks,
              killPause,
              mix,
              Duration.ofSeconds(number),
              pools,
              pipelines,
              flow);
      case "pools" ->
          new Settings(
              seed, only, workers, tasks, killPause, mix, soak, (int) number, pipelines, flow);
      case "pipelines" ->
          new Settings(seed, only, workers, tasks, killPause, mix, soak, pools, (int) number, flow);
      case "flow" ->
          new Settings(
              seed, only, workers, tasks, killPause, mix, soak, pools, pipelines, (int) number);
      default -> throw new IllegalArgumentException("unknown option " + argument);
    };
  }

  /** Returns the command that runs one of these storms again. */
  String command(String storm) {
    return "stress/run --only=%s --seed=%d --workers=%d --tasks=%d --kill-every=%d --mix=%d --soak=%d --pools=%d --pipelines=%d --flow=%d"
        .formatted(
            storm,
            seed,
            workers,
            tasks,
            killPause.toMillis(),
            mix.toSeconds(),
            soak.toSeconds(),
            pools,
            pipelines,
            flow);
  }
}
