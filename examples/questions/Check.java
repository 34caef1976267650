import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.Advice;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks all questions, or those that are named, and compares each answer with what is true of its
 * program and with the figures of the same run. Exit code 1 if one is wrong.
 *
 * <pre>
 *     java -cp library/target/classes examples/questions/Check.java [NAME]...
 * </pre>
 */
public class Check {
  private static final int CORES = Runtime.getRuntime().availableProcessors();
  private static final List<String> WRONG = new ArrayList<>();

  private static String asked = "";
  private static Advice advice;
  private static String words = "";

  public static void main(String[] names) throws Exception {
    Set<String> only = Set.of(names);
    question(only, "Submissions", Submissions::advice, Check::submissions);
    question(only, "Squares", Squares::advice, Check::tooSmall);
    question(only, "Colours", Colours::advice, () -> lock("Colours$Transform.doTransform(Colours.java:", 0.9));
    question(only, "Hdf5", Hdf5::advice, Check::nativeLock);
    question(only, "Compressed", Compressed::advice, Check::compressed);
    question(only, "Bound", Bound::advice, () -> lock("Bound.task(Bound.java:", 0.6));
    question(only, "Connections", Connections::advice, Check::connections);
    question(only, "Spinning", Spinning::advice, Check::spinning);
    question(only, "TooSmall", TooSmall::advice, Check::tooSmall);
    question(only, "TooDear", TooDear::advice, Check::tooDear);
    question(only, "BigObject", BigObject::advice, Check::bigObject);
    question(only, "Container", Container::advice, Check::container);
    question(only, "WhatWasChosen", WhatWasChosen::advice, Check::chosen);
    WRONG.forEach(wrong -> System.out.println("WRONG: " + wrong));
    System.exit(WRONG.isEmpty() ? 0 : 1); // worker processes end with it
  }

  private static void question(
      Set<String> only, String name, Callable<Advice> ask, Runnable check) throws Exception {
    if (!only.isEmpty() && !only.contains(name)) {
      return;
    }
    asked = name;
    System.out.println("== " + name);
    advice = ask.call();
    words = String.join(" ", advice.sentences());
    System.out.println(advice.text());
    if (advice.cause().equals("busy-machine")) {
      return; // it says that these figures tell nothing, and that is so
    }
    recommendation();
    check.run();
  }

  // ---- each question

  private static void submissions() {
    cause("computes");
    if (CORES >= 2) {
      holds(model() != ExecutionModel.SEQUENTIAL && model() != ExecutionModel.PROCESSES, "threads of either kind");
      double gain = estimate(ExecutionModel.SEQUENTIAL).seconds() / estimate(model()).seconds();
      holds(gain > 0.6 * CORES && gain < 1.15 * CORES, "a gain of about the cores, not " + gain);
    }
  }

  private static void tooSmall() {
    cause("small-items");
    holds(model() == ExecutionModel.SEQUENTIAL, "leave it sequential");
    double item = time("An item takes (%s)");
    double handing = time("handing it to a thread takes (%s)");
    holds(item < 5 * handing, "the item, " + item + " s, is small beside handing it over, " + handing + " s");
    double rate = estimate(ExecutionModel.SEQUENTIAL).itemsPerSecond();
    holds(near(1 / rate, item, 1.5), "an item of " + item + " s gives " + 1 / item + " a second, not " + rate);
  }

  private static void lock(String place, double heldShare) {
    cause("lock");
    holds(words.contains(place), "the place, " + place);
    if (CORES < 2) {
      return;
    }
    holds(model() == ExecutionModel.PROCESSES, "worker processes");
    double held = time("holds it for (%s)");
    double alone = 1 / estimate(ExecutionModel.SEQUENTIAL).itemsPerSecond();
    holds(held > heldShare * alone && held < 1.1 * alone, "held for " + held + " s of the " + alone + " s of an item");
    double threads = estimate(ExecutionModel.PLATFORM_THREADS).itemsPerSecond();
    holds(threads < 1.25 / held, "threads can do no more than 1 in " + held + " s, not " + threads);
    Matcher without = Pattern.compile("Without that lock \\d+ threads would do ([0-9.]+)x as much").matcher(words);
    holds(without.find(), "what the job would gain without the lock");
  }

  private static void nativeLock() {
    holds(Set.of("native-lock", "lock").contains(advice.cause()), "a native lock, not " + advice.cause());
    holds(words.contains("native library"), "that the lock is within a native library");
    holds(CORES < 2 || model() == ExecutionModel.PROCESSES, "worker processes");
  }

  private static void compressed() {
    cause("lock");
    holds(words.contains("Compressed.read(Compressed.java:"), "the place");
    var processes = estimate(ExecutionModel.PROCESSES);
    var sequential = estimate(ExecutionModel.SEQUENTIAL);
    boolean pay = processes.seconds() < sequential.seconds() * 0.95 - 0.02;
    holds(pay == (model() == ExecutionModel.PROCESSES), "processes if and only if they pay for what is sent back");
  }

  private static void connections() {
    cause("connection-pool");
    int size = advice.size();
    holds(size >= Connections.CONNECTIONS && size <= 2 * Connections.CONNECTIONS, "10 to 20 in flight, not " + size);
    double most = Connections.CONNECTIONS * 1e3 / Connections.QUERY_MILLIS;
    double rate = estimate(model()).itemsPerSecond();
    holds(near(rate, most, 1.2), "a rate of about " + most + ", not " + rate);
    Matcher told = Pattern.compile("gave no more than ([0-9,.]+) a second").matcher(words);
    holds(told.find() && near(number(told.group(1)), most, 1.2), "what the connections give, " + most);
  }

  private static void spinning() {
    int size = advice.size();
    holds(size <= 4 * Spinning.CONNECTIONS, "few in flight, not " + size);
    double most = Spinning.CONNECTIONS * 1e3 / Spinning.QUERY_MILLIS;
    double rate = estimate(model()).itemsPerSecond();
    holds(near(rate, most, 1.3), "a rate of about " + most + ", not " + rate);
  }

  private static void tooDear() {
    cause("shipping");
    holds(model() != ExecutionModel.PLATFORM_THREADS && model() != ExecutionModel.VIRTUAL_THREADS, "no threads");
    holds(words.contains("3.0 MB"), "what an item ships");
    holds(words.contains("FORMAT"), "the field for which threads are not safe");
  }

  private static void bigObject() {
    holds(Set.of("lock", "shipping").contains(advice.cause()), "a lock, or shipping, not " + advice.cause());
    holds(words.contains("48 MB"), "what an item ships");
    holds(model() != ExecutionModel.PROCESSES, "no worker processes while it has to be sent");
  }

  private static void container() {
    double usable = Double.parseDouble(System.getProperty("questions.quota", "0"));
    if (usable > 0) {
      cause("quota");
      holds(words.contains(String.format(Locale.ROOT, "%.1f cores", usable)), "the quota of " + usable);
      double gain = estimate(ExecutionModel.SEQUENTIAL).seconds() / estimate(model()).seconds();
      holds(near(gain, usable, 1.25), "a gain of " + usable + ", not " + gain);
    } else {
      cause("computes");
    }
  }

  private static void chosen() {
    cause("sleeps");
    holds(model() == ExecutionModel.VIRTUAL_THREADS, "virtual threads");
    holds(!advice.changes().isEmpty(), "each change with its reason");
  }

  // ---- what holds for all of them

  /** The second sentence has the figures of the table. */
  private static void recommendation() {
    String second = advice.sentences().size() > 1 ? advice.sentences().get(1) : "";
    double alone = estimate(ExecutionModel.SEQUENTIAL).seconds();
    if (model() == ExecutionModel.SEQUENTIAL) {
      holds(second.startsWith("Leave it sequential"), "to leave it sequential: " + second);
      Matcher told = Pattern.compile("one after the other takes (\\S+ \\S+?)\\.").matcher(second);
      holds(!told.find() || near(seconds(told.group(1)), alone, 1.1), "the time of the table, " + alone + " s: " + second);
      return;
    }
    Matcher told = Pattern.compile("^Use (.*?): (\\S+ \\S+) for .* would take (\\S+ \\S+) \\(([0-9.]+)x\\)").matcher(second);
    if (!told.find()) {
      holds(false, "what to use, with figures: " + second);
      return;
    }
    double best = estimate(model()).seconds();
    holds(near(seconds(told.group(2)), best, 1.1), "the time of the table, " + best + " s: " + second);
    holds(near(seconds(told.group(3)), alone, 1.1), "the time of the table, " + alone + " s: " + second);
    holds(near(number(told.group(4)), alone / best, 1.1), "the gain, " + alone / best + ": " + second);
  }

  private static void cause(String right) {
    holds(advice.cause().equals(right), "the cause " + right + ", not " + advice.cause());
  }

  private static ExecutionModel model() {
    return advice.model();
  }

  private static Advice.Estimate estimate(ExecutionModel model) {
    return advice.estimates().stream().filter(each -> each.model() == model).findFirst().orElseThrow();
  }

  private static void holds(boolean holds, String what) {
    if (!holds) {
      WRONG.add(asked + " has to say " + what);
    }
  }

  private static boolean near(double a, double b, double factor) {
    return a > 0 && b > 0 && Math.max(a / b, b / a) <= factor;
  }

  /** The time in the words, where the pattern has its place. */
  private static double time(String pattern) {
    Matcher found = Pattern.compile(String.format(pattern, "[0-9.,]+ (?:us|ms|s|min|h)")).matcher(words);
    return found.find() ? seconds(found.group(1)) : Double.NaN;
  }

  private static double seconds(String time) {
    String[] parts = time.split(" ");
    double unit =
        switch (parts[1].replaceAll("[^a-z]", "")) {
          case "us" -> 1e-6;
          case "ms" -> 1e-3;
          case "s" -> 1;
          case "min" -> 60;
          case "h" -> 3600;
          default -> Double.NaN;
        };
    return number(parts[0]) * unit;
  }

  private static double number(String text) {
    return Double.parseDouble(text.replace(",", ""));
  }
}
