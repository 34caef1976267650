package io.github.fornada.stress;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Runs the storms one after the other and prints a summary. */
public final class Storms {
  private static final int EXIT_FOUND = 1;
  private static final int EXIT_USAGE = 2;
  private static final int EXIT_HANGS = 3;

  private Storms() {}

  /** Runs the storms that the arguments select; see {@code stress/run --help}. */
  @SuppressWarnings("SystemOut") // a command
  public static void main(String[] arguments) throws Exception {
    if (List.of(arguments).contains("--help")) {
      System.out.print(Settings.USAGE);
      return;
    }
    Settings settings;
    try {
      settings = Settings.parse(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.err.print(Settings.USAGE);
      System.exit(EXIT_USAGE);
      return;
    }
    var storms =
        List.of(
            new KillStorm(settings),
            new MixStorm(settings),
            new ReopenStorm(settings),
            new Soak(settings),
            new PromiseCheck(settings),
            new FlowStorm(settings));
    System.out.printf(
        "Storms on JDK %s, %d processors, seed %d%n",
        Runtime.version(), Runtime.getRuntime().availableProcessors(), settings.seed());
    var repeats = new ArrayList<String>();
    for (Storm storm : storms) {
      if (settings.only().isEmpty() || settings.only().equals(storm.name())) {
        if (!passes(storm, settings)) {
          repeats.add(settings.command(storm.name()));
        }
      }
    }
    if (!repeats.isEmpty()) {
      System.out.println("FAILED. To repeat with the same choices (moments will differ):");
      repeats.forEach(line -> System.out.println("  " + line));
      System.exit(EXIT_FOUND);
    }
  }

  @SuppressWarnings("SystemOut") // a command
  private static boolean passes(Storm storm, Settings settings) throws InterruptedException {
    var findings = new Findings();
    var over = new CountDownLatch(1);
    Thread.ofPlatform().daemon().name("watchdog").start(() -> watch(storm, settings, over));
    long began = System.nanoTime();
    String did;
    try {
      did = storm.run(findings);
    } catch (Exception e) {
      did = "ended early";
      findings.add("it threw " + e);
      e.printStackTrace(System.out);
    } finally {
      over.countDown();
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "%-4s %-6s %6.1f s  %s%n",
        findings.count() == 0 ? "ok" : "FAIL",
        storm.name(),
        seconds,
        did);
    for (String line : findings.lines()) {
      System.out.println("       " + line);
    }
    return findings.count() == 0;
  }

  @SuppressWarnings("SystemOut") // a command
  private static void watch(Storm storm, Settings settings, CountDownLatch over) {
    Duration deadline = storm.deadline();
    try {
      if (over.await(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      return; // nothing interrupts this thread
    }
    System.out.printf("FAIL %-6s hangs: not over after %s%n", storm.name(), deadline);
    for (Map.Entry<Thread, StackTraceElement[]> each : Thread.getAllStackTraces().entrySet()) {
      System.out.println("  " + each.getKey());
      for (StackTraceElement frame : each.getValue()) {
        System.out.println("      " + frame);
      }
    }
    System.out.println("To repeat with the same choices: " + settings.command(storm.name()));
    Runtime.getRuntime().halt(EXIT_HANGS);
  }
}
