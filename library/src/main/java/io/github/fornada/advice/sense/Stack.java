package io.github.fornada.advice.sense;

import io.github.fornada.advice.decide.WaitKind;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The stack of a thread that waits, and what it tells: what the thread waits for, and where.
 *
 * @param frames the frames, innermost first
 */
record Stack(List<StackTraceElement> frames) {
  /** The maximum number of frames that are looked at from the inside. */
  private static final int DEEP = 64; // Guess

  /** Packages of this library; its other packages are programs that use it. */
  private static final Set<String> OURS =
      Set.of(
          "io.github.fornada",
          "io.github.fornada.advice",
          "io.github.fornada.advice.decide",
          "io.github.fornada.advice.sense",
          "io.github.fornada.async",
          "io.github.fornada.cli",
          "io.github.fornada.elastic",
          "io.github.fornada.fory",
          "io.github.fornada.jvm",
          "io.github.fornada.micrometer",
          "io.github.fornada.opentelemetry",
          "io.github.fornada.pipeline",
          "io.github.fornada.process",
          "io.github.fornada.process.host",
          "io.github.fornada.process.launch",
          "io.github.fornada.process.payload",
          "io.github.fornada.process.wire",
          "io.github.fornada.process.worker",
          "io.github.fornada.propagation",
          "io.github.fornada.shared",
          "io.github.fornada.shared.memory",
          "io.github.fornada.slf4j",
          "io.github.fornada.spi",
          "io.github.fornada.spring",
          "io.github.fornada.threads",
          "io.github.fornada.timeline");

  /** Frames by which the JDK makes a thread wait for a lock, and which say nothing of the place. */
  private static final List<String> LOCKING =
      List.of(
          "java.util.concurrent.locks.",
          "jdk.internal.",
          "java.lang.Object",
          "java.lang.Thread",
          "java.lang.VirtualThread",
          "java.lang.System",
          "java.lang.invoke.");

  private static final List<String> SOCKETS =
      List.of(
          "sun.nio.ch.Net",
          "sun.nio.ch.NioSocketImpl",
          "sun.nio.ch.SocketChannelImpl",
          "sun.nio.ch.SocketDispatcher",
          "sun.nio.ch.ServerSocketChannelImpl",
          "sun.nio.ch.DatagramChannelImpl",
          "sun.nio.ch.UnixDomainSockets",
          "sun.nio.ch.EPoll",
          "sun.nio.ch.KQueue",
          "sun.nio.ch.SelectorImpl",
          "sun.nio.ch.SocketAdaptor",
          "java.net.",
          "sun.net.",
          "sun.security.ssl.SSLSocket",
          "jdk.internal.net.http.");

  private static final List<String> FILES =
      List.of(
          "sun.nio.ch.FileChannelImpl",
          "sun.nio.ch.FileDispatcherImpl",
          "sun.nio.ch.UnixFileDispatcherImpl",
          "sun.nio.fs.",
          "java.io.FileInputStream",
          "java.io.FileOutputStream",
          "java.io.RandomAccessFile",
          "java.io.FileDescriptor",
          "java.io.UnixFileSystem",
          "java.io.WinNTFileSystem");

  /** Pools of connections and of other objects that are lent. */
  private static final List<String> POOLS =
      List.of(
          "com.zaxxer.hikari.",
          "org.apache.commons.pool",
          "org.apache.commons.dbcp",
          "org.apache.tomcat.jdbc.pool.",
          "org.apache.tomcat.dbcp.",
          "org.apache.http.pool.",
          "org.apache.http.impl.conn.Pooling",
          "org.apache.hc.core5.pool.",
          "org.apache.hc.client5.http.impl.io.Pooling",
          "com.mchange.v2.",
          "io.agroal.pool.",
          "oracle.ucp.",
          "io.r2dbc.pool.",
          "org.vibur.",
          "java.util.concurrent.Semaphore");

  /** Names of methods that take something from a pool. */
  private static final List<String> LENDING =
      List.of("getConnection", "borrow", "checkout", "checkOut", "lease", "leaseConnection");

  /** Returns the kind of wait; {@code blocked} if it waits for a monitor. */
  WaitKind kind(boolean blocked) {
    if (blocked) {
      return WaitKind.LOCK;
    }
    boolean exclusive = false;
    boolean queue = false;
    int n = Math.min(frames.size(), DEEP);
    for (int k = 0; k < n; k++) {
      StackTraceElement frame = frames.get(k);
      String type = frame.getClassName();
      String method = frame.getMethodName();
      if (startsWithAny(type, SOCKETS)) {
        return WaitKind.SOCKET;
      }
      if (startsWithAny(type, FILES)) {
        return WaitKind.FILE;
      }
      if (type.equals("java.lang.Thread") && method.startsWith("sleep")) {
        return WaitKind.SLEEP;
      }
      if (startsWithAny(type, POOLS)) {
        return WaitKind.CONNECTION_POOL;
      }
      exclusive |= isExclusive(type, method);
      // A home-made pool is a queue of what is lent. Its methods are near, and are not the JDK's.
      queue |= type.startsWith("java.util.concurrent.");
      if (!isJdk(type) && startsWithAny(method, LENDING)) {
        return exclusive && !queue ? WaitKind.LOCK : WaitKind.CONNECTION_POOL;
      }
    }
    return exclusive ? WaitKind.LOCK : WaitKind.SIGNAL;
  }

  private static boolean isExclusive(String type, String method) {
    return switch (type) {
      case "java.util.concurrent.locks.ReentrantLock",
          "java.util.concurrent.locks.ReentrantLock$Sync",
          "java.util.concurrent.locks.ReentrantReadWriteLock$WriteLock",
          "java.util.concurrent.locks.ReentrantReadWriteLock$ReadLock" ->
          method.startsWith("lock") || method.startsWith("tryLock");
      case "java.util.concurrent.locks.StampedLock" -> true;
      default -> false;
    };
  }

  /** Returns whether the thread waits for work of this library, and runs no code of the user. */
  boolean isIdle() {
    boolean ours = false;
    for (StackTraceElement frame : frames) {
      if (isOurs(frame.getClassName())) {
        ours = true;
      } else if (!isJdk(frame.getClassName())) {
        return false;
      }
    }
    return ours;
  }

  /** Returns whether the innermost frame is native code other than that of a known wait. */
  boolean isInNativeCode() {
    return !frames.isEmpty() && frames.getFirst().isNativeMethod();
  }

  /** Returns whether the thread is parked, so that it waits for another thread. */
  boolean isParked() {
    for (int k = 0; k < Math.min(frames.size(), 4); k++) {
      StackTraceElement frame = frames.get(k);
      if (frame.getMethodName().startsWith("park") || frame.getMethodName().startsWith("yield")) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns the place: the innermost frame that is the user's or a library's. Where the JDK itself
   * takes the lock, also the JDK's method that this frame calls, and the one that takes the lock:
   * {@code java.util.UUID.randomUUID (in sun.security.provider.NativePRNG$RandomIO.implNextBytes),
   * called from com.acme.Ids.next(Ids.java:12)}. Null if there is no such frame.
   */
  @Nullable String place() {
    int user = -1;
    for (int k = 0; k < frames.size(); k++) {
      String type = frames.get(k).getClassName();
      if (!isJdk(type) && !isOurs(type)) {
        user = k;
        break;
      }
    }
    if (user < 0) {
      return null;
    }
    StackTraceElement inside = null;
    for (int k = 0; k < user && inside == null; k++) {
      StackTraceElement frame = frames.get(k);
      if (!startsWithAny(frame.getClassName(), LOCKING) && !isOurs(frame.getClassName())) {
        inside = frame;
      }
    }
    String called = text(frames.get(user));
    if (inside == null) {
      return called;
    }
    StackTraceElement entry = frames.get(user - 1);
    String first = entry.getClassName() + "." + entry.getMethodName();
    String last = inside.getClassName() + "." + inside.getMethodName();
    return first + (first.equals(last) ? "" : " (in " + last + ")") + ", called from " + called;
  }

  /**
   * Returns a frame without its module or loader: {@code com.acme.Parser.parse(Parser.java:42)}.
   */
  static String text(StackTraceElement frame) {
    String where =
        frame.isNativeMethod()
            ? "native method"
            : frame.getFileName() == null
                ? "unknown source"
                : frame.getLineNumber() < 0
                    ? frame.getFileName()
                    : frame.getFileName() + ":" + frame.getLineNumber();
    return frame.getClassName() + "." + frame.getMethodName() + "(" + where + ")";
  }

  static boolean isJdk(String type) {
    return type.startsWith("java.")
        || type.startsWith("javax.")
        || type.startsWith("jdk.")
        || type.startsWith("sun.")
        || type.startsWith("com.sun.");
  }

  static boolean isOurs(String type) {
    int end = type.lastIndexOf('.');
    return end > 0 && OURS.contains(type.substring(0, end));
  }

  private static boolean startsWithAny(String text, List<String> starts) {
    for (String start : starts) {
      if (text.startsWith(start)) {
        return true;
      }
    }
    return false;
  }
}
