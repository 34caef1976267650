package io.github.fornada.benchmarks.advice;

import java.text.SimpleDateFormat;
import java.util.Date;
import java.util.TimeZone;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** Items that share something within their JVM. */
@SuppressWarnings({"DateFormatConstant", "JavaUtilDate"}) // what is wrong on threads is shown
final class Sharing {
  private static final Object MONITOR = new Object();
  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final ReentrantReadWriteLock READ_WRITE = new ReentrantReadWriteLock();
  private static final ConcurrentHashMap<String, Long> MAP = new ConcurrentHashMap<>();
  private static final AtomicLong COUNTER = new AtomicLong();
  private static final SimpleDateFormat FORMAT = new SimpleDateFormat("yyyy-MM-dd HH:mm");

  static {
    FORMAT.setTimeZone(TimeZone.getTimeZone("UTC"));
  }

  private Sharing() {}

  /** A lock of a class for the whole of an item, as LibSVM's. */
  static synchronized Long classLock(Double micros) {
    return Computing.micros(micros);
  }

  /** A monitor for a part of an item. */
  static Long monitorForAPart(Double micros) {
    long outside = Computing.micros(0.2 * micros);
    synchronized (MONITOR) {
      return outside + Computing.micros(0.8 * micros);
    }
  }

  static Long reentrant(Double micros) {
    long outside = Computing.micros(0.1 * micros);
    LOCK.lock();
    try {
      return outside + Computing.micros(0.9 * micros);
    } finally {
      LOCK.unlock();
    }
  }

  /** Waits for something while it holds the lock. */
  static Long sleepsInLock(Double micros) throws InterruptedException {
    LOCK.lock();
    try {
      Thread.sleep((long) (micros / 1000));
      return 1L;
    } finally {
      LOCK.unlock();
    }
  }

  /** Every tenth writes; those that read do not hold each other up. */
  static Long readWrite(Integer index) {
    var lock = index % 10 == 0 ? READ_WRITE.writeLock() : READ_WRITE.readLock();
    lock.lock();
    try {
      return Computing.micros(2_000);
    } finally {
      lock.unlock();
    }
  }

  /** All compute the value of one key. */
  static Long hotKey(Double micros) {
    long made = Computing.micros(micros / 4);
    MAP.compute("hot", (key, old) -> Computing.micros(0.75 * micros));
    return made;
  }

  /** One generator for all, which is an atomic. */
  static Long random(Integer draws) {
    double sum = 0;
    for (int i = 0; i < draws; i++) {
      sum += Math.random();
    }
    return sum < 0 ? 1L : 0L;
  }

  static Long uuids(Integer count) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum |= UUID.randomUUID().version();
    }
    return sum;
  }

  static Long counts(Integer times) {
    for (int i = 0; i < times; i++) {
      COUNTER.incrementAndGet();
    }
    return 1L;
  }

  /** Wrong on several threads. */
  static Long formats(Integer count) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += FORMAT.format(new Date(1_000_000L * i)).length();
    }
    return sum;
  }
}
