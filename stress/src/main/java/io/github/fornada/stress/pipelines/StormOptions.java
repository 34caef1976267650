package io.github.fornada.stress.pipelines;

import java.time.Duration;

/**
 * Which plans are run, and how.
 *
 * @param seed of the first plan; each of the others has the next one
 * @param time after which no further plan is begun
 * @param atOnce how many run at the same time
 * @param repeat how often each is run
 */
record StormOptions(
    long seed, int count, Duration time, boolean withProcesses, int atOnce, int repeat) {
  static final String USAGE =
      """
      usage: stress/pipelines [option]...
        --seed=N      the first seed (by default another one each time)
        --count=N     so many seeds; without it, and without --minutes, 200
        --minutes=X   begins no further seed after this time, such as 0.5
        --processes   some of the stages run in worker JVMs, of which some die
        --at-once=N   pipelines that run at the same time (3); they share pools
        --repeat=N    runs each seed so many times (1)
      """;

  private static final int COUNT = 200;

  static StormOptions parse(String[] arguments) {
    long seed = System.nanoTime() & 0xFFF_FFFFL;
    int count = 0;
    double minutes = 0;
    boolean withProcesses = false;
    int atOnce = 3;
    int repeat = 1;
    for (String argument : arguments) {
      String value = argument.substring(argument.indexOf('=') + 1);
      switch (argument.replaceFirst("=.*", "=")) {
        case "--seed=" -> seed = Long.parseLong(value);
        case "--count=" -> count = Integer.parseInt(value);
        case "--minutes=" -> minutes = Double.parseDouble(value);
        case "--processes" -> withProcesses = true;
        case "--at-once=" -> atOnce = Integer.parseInt(value);
        case "--repeat=" -> repeat = Integer.parseInt(value);
        default -> throw new IllegalArgumentException("unknown option " + argument);
      }
    }
    if (count < 0 || minutes < 0 || atOnce < 1 || repeat < 1) {
      throw new IllegalArgumentException("numbers must be positive");
    }
    return new StormOptions(
        seed,
        count > 0 ? count : minutes > 0 ? Integer.MAX_VALUE : COUNT,
        minutes > 0 ? Duration.ofMillis((long) (minutes * 60_000)) : Duration.ofDays(1),
        withProcesses,
        atOnce,
        repeat);
  }

  /** Returns the command that runs this seed again, often and beside itself as here. */
  String command(long failed) {
    return "stress/pipelines --seed=%d --count=1 --repeat=20 --at-once=%d%s"
        .formatted(failed, atOnce, withProcesses ? " --processes" : "");
  }
}
