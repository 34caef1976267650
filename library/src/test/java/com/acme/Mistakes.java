package com.acme;

import io.github.fornada.TaskFunction;
import java.io.Serial;
import java.io.Serializable;
import java.text.DateFormat;
import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** Functions that may not run on several threads at once, each for another reason. */
@SuppressWarnings({"NonFinalStaticField", "JavaUtilDate", "DateFormatConstant"})
public final class Mistakes {
  private static final SimpleDateFormat FORMAT = new SimpleDateFormat("yyyy-MM-dd");
  private static final Map<String, Integer> LENGTHS = new HashMap<>();
  private static final Registry REGISTRY = new Registry();
  private static final int[] COUNTS = new int[10];
  private static int n;

  private Mistakes() {}

  /** Says that objects of a class are for one thread. */
  public @interface NotThreadSafe {}

  /** Uses a static format. */
  public static Date parse(String text) throws ParseException {
    return FORMAT.parse(text);
  }

  /** Counts its calls. */
  public static int count(String text) {
    n++;
    return n + text.length();
  }

  /** Counts its calls, further down. */
  public static int countBelow(String text) {
    return new Helper().help(text);
  }

  private static final class Helper {
    int help(String text) {
      return count(text);
    }
  }

  /** Counts its calls in a lambda. */
  public static int countInLambda(String text) {
    return text.chars().map(c -> count(text) + c).sum();
  }

  /** Keeps what it has computed in a map. */
  public static int cached(String text) {
    return LENGTHS.computeIfAbsent(text, String::length);
  }

  /** Keeps counts in an array. */
  public static int histogram(String text) {
    return COUNTS[text.length() % COUNTS.length]++;
  }

  /** Changes the only object of a class, got by a method. */
  public static int registered(String text) {
    return Registry.get().add(text);
  }

  /** The only object of a class. */
  public static final class Registry {
    private int size;

    static Registry get() {
      return REGISTRY;
    }

    int add(String text) {
      size += text.length();
      return size;
    }
  }

  /** An object with state, for a function to capture. */
  public static final class Parser implements Serializable {
    @Serial private static final long serialVersionUID = 1L;
    private int parsed;
    private final List<String> texts = new ArrayList<>();

    /** Counts what it has parsed. */
    public int parse(String text) {
      parsed++;
      return parsed + text.length();
    }

    /** Keeps what it has parsed. */
    public boolean keep(String text) {
      return texts.add(text);
    }
  }

  /** A task that counts its calls. */
  public static final class CountingTask implements Callable<Integer> {
    private int calls;

    @Override
    public Integer call() {
      return ++calls;
    }
  }

  /** A class that says of itself that it is for one thread. */
  @NotThreadSafe
  public static final class Marked implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    /** Does nothing much. */
    public int use(String text) {
      return text.length();
    }
  }

  /** A function with a field that it writes. */
  public static final class Stateful implements TaskFunction<String, Integer> {
    @Serial private static final long serialVersionUID = 1L;
    private int last;

    @Override
    public Integer apply(String text) {
      last = text.length();
      return last;
    }
  }

  /** Returns a function that uses a static format. */
  public static TaskFunction<String, Date> lambda() {
    return text -> parse(text.strip());
  }

  /** Returns a function that calls a method of a captured object. */
  public static TaskFunction<String, Integer> withParser() {
    var parser = new Parser();
    return text -> parser.parse(text);
  }

  /** Returns a method reference to a captured object. */
  public static TaskFunction<String, Boolean> withParserByReference() {
    return new Parser()::keep;
  }

  /** Returns a function that captures a format. */
  public static TaskFunction<String, Date> withFormat() {
    DateFormat format = new SimpleDateFormat("yyyy");
    return text -> format.parse(text);
  }

  /** Returns a function that captures a list and adds to it. */
  public static TaskFunction<String, Boolean> withList() {
    var seen = new ArrayList<String>();
    return text -> seen.add(text);
  }

  /** Returns a function that captures a counter in an array. */
  public static TaskFunction<String, Integer> withArray() {
    int[] counter = {0};
    return text -> counter[0]++;
  }

  /** Returns a function that captures an object for one thread. */
  public static TaskFunction<String, Integer> withMarked() {
    var marked = new Marked();
    return text -> marked.use(text);
  }

  /** Counts, and tells its thread. */
  public static String countSlowly(int item) throws InterruptedException {
    Thread.sleep(5);
    n++;
    return Thread.currentThread().getName();
  }
}
