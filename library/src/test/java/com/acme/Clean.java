package com.acme;

import io.github.fornada.TaskFunction;
import java.io.Serial;
import java.io.Serializable;
import java.text.DateFormat;
import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Functions that may run on several threads at once, and look as if they might not. */
@SuppressWarnings({"NonFinalStaticField", "JavaUtilDate", "GuardedBy", "DateFormatConstant"})
public final class Clean {
  private static final SimpleDateFormat FORMAT = new SimpleDateFormat("yyyy-MM-dd");
  private static final ThreadLocal<DateFormat> OWN =
      ThreadLocal.withInitial(() -> new SimpleDateFormat("yyyy"));
  private static final Map<String, Integer> CONCURRENT = new ConcurrentHashMap<>();
  private static final Map<String, Integer> SYNCHRONIZED =
      Collections.synchronizedMap(new LinkedHashMap<>());
  private static final Map<String, Integer> TABLE = new HashMap<>();
  private static final Random RANDOM = new Random();
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final Object MONITOR = new Object();
  private static @Nullable Pattern pattern;
  private static volatile @Nullable Clean instance;
  private static int guarded;

  static {
    TABLE.put("one", 1);
  }

  private Clean() {}

  /** Uses a format of its own, made from a static one. */
  public static Date cloned(String text) throws ParseException {
    return ((DateFormat) FORMAT.clone()).parse(text);
  }

  /** Uses a static format under a lock. */
  public static Date locked(String text) throws ParseException {
    synchronized (FORMAT) {
      return FORMAT.parse(text);
    }
  }

  /** Uses a format of its thread. */
  public static Date ofThread(String text) throws ParseException {
    return OWN.get().parse(text);
  }

  /** Keeps what it has computed, in maps for many threads. */
  public static int cached(String text) {
    return CONCURRENT.computeIfAbsent(text, String::length)
        + SYNCHRONIZED.computeIfAbsent(text, String::length)
        + TABLE.getOrDefault(text, 0)
        + RANDOM.nextInt();
  }

  /** Counts in several right ways. */
  public static int counted(String text) {
    COUNT.incrementAndGet();
    synchronized (MONITOR) {
      guarded++;
      if (text.isEmpty()) {
        return 0;
      }
      guarded += 2;
    }
    LOCK.lock();
    try {
      step();
    } finally {
      LOCK.unlock();
    }
    return another(text);
  }

  private static void step() {
    guarded++;
  }

  private static synchronized int another(String text) {
    guarded += text.length();
    return guarded;
  }

  /** Makes what it needs when it first needs it. */
  public static boolean lazy(String text) {
    if (pattern == null) {
      pattern = Pattern.compile("a+");
    }
    if (instance == null) {
      instance = new Clean();
    }
    return pattern.matcher(text).matches();
  }

  /** Works on objects of its own. */
  public static int own(String text) throws ParseException {
    var parser = new Mistakes.Parser();
    var marked = new Mistakes.Marked();
    var format = new SimpleDateFormat("yyyy");
    List<String> seen = new ArrayList<>();
    int[] counts = new int[3];
    for (int k = 0; k < 10; k++) {
      seen.add(text);
      counts[k % 3]++;
    }
    text.chars().forEach(c -> seen.add(text + c));
    return parser.parse(text) + marked.use(text) + format.parse("2001").hashCode() + seen.size();
  }

  /** Settings: an object that never changes. */
  public record Settings(int width, List<String> names) implements Serializable {}

  /** An object whose hash is computed once. */
  public static final class Name implements Serializable {
    @Serial private static final long serialVersionUID = 1L;
    private final String first;
    private int hash;

    /** Makes a name. */
    public Name(String first) {
      this.first = first;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Name name && name.first.equals(first);
    }

    @Override
    public int hashCode() {
      if (hash == 0) {
        hash = first.hashCode();
      }
      return hash;
    }
  }

  /** Returns a function that captures what does not change. */
  public static TaskFunction<String, Integer> withSettings() {
    var settings = new Settings(3, new ArrayList<>(List.of("a")));
    var name = new Name("b");
    double[] results = new double[10];
    return text -> {
      results[text.length() % 10] = 1.5;
      return settings.width() + settings.names().size() + name.hashCode();
    };
  }
}
