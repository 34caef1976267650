package io.github.fornada.advice.sense;

import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.SlowClasses;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether a failure looks like overload of the other side: it would probably not have
 * happened with fewer items in flight.
 */
public final class Refusals {
  /** The maximum number of causes that are looked at. */
  private static final int MOST_CAUSES = 16; // Guess

  /** Texts beyond this length are cut off: a page of HTML may be one. */
  private static final int LONGEST = 2_000; // Guess

  /**
   * Classes by name, because their modules need not be there. Not their subclasses, except of the
   * first ones below.
   */
  private static final Set<String> CLASSES =
      Set.of(
          "java.net.http.HttpTimeoutException",
          "java.net.http.HttpConnectTimeoutException",
          "java.sql.SQLTransientConnectionException",
          "java.sql.SQLTimeoutException",
          "org.apache.http.conn.ConnectionPoolTimeoutException",
          "org.apache.http.conn.ConnectTimeoutException",
          "org.apache.hc.client5.http.ConnectTimeoutException",
          "org.apache.hc.core5.http.ConnectionRequestTimeoutException",
          "io.netty.channel.ConnectTimeoutException",
          "io.netty.handler.timeout.ReadTimeoutException");

  private static final List<String> TEXTS =
      List.of(
          "too many requests",
          "too many connections",
          "too many clients",
          "too many concurrent",
          "too many open files",
          "connection slots are reserved",
          "connection pool exhausted",
          "pool is exhausted",
          "timeout waiting for connection",
          "connection is not available, request timed out",
          "connection refused",
          "connection reset",
          "service unavailable",
          "server is busy",
          "server busy",
          "server is overloaded",
          "overloaded",
          "rate limit",
          "rate exceeded",
          "throttl",
          "quota exceeded",
          "resource_exhausted",
          "slow down",
          "goaway",
          "try again later");

  /** A status in words that say that it is one, or alone. */
  private static final Pattern STATUS =
      Pattern.compile(
          "(?:\\A|\\b(?:http(?:/[0-9.]+)?|status(?: ?code)?|code|error|response|returned|got|was|"
              + "answered|received|with)\\b\\W{0,4})(?:429|503)(?:\\z|\\W)");

  /** The classes of exceptions whose methods took too long. */
  private static final SlowClasses SLOW = new SlowClasses(Duration.ofSeconds(10)); // Guess

  private Refusals() {}

  /**
   * Returns whether {@code thrown}, or one of its causes, looks like overload of the other side. It
   * may be of a class of the user: if its methods throw or hang, it looks like none, and so do
   * others of its class for a while. Who asks has results to pass on.
   */
  public static boolean isRefusal(@Nullable Throwable thrown) {
    if (thrown == null) {
      return false;
    }
    if (isByClass(thrown)) {
      return true;
    }
    Class<?> own = ownCode(thrown);
    if (own == null) {
      return isInChain(thrown);
    }
    return !SLOW.contains(own)
        && BoundedText.call(() -> isInChain(thrown), false, false, () -> SLOW.add(own));
  }

  /**
   * Returns the class of the exception, or of the first of its causes, whose methods may be user
   * code; null if there is none.
   */
  private static @Nullable Class<?> ownCode(Throwable thrown) {
    Throwable at = thrown;
    for (int k = 0; at != null && k < MOST_CAUSES; k++) {
      if (HAS_METHODS.get(at.getClass())) {
        return at.getClass();
      }
      at = at.getCause();
    }
    return null;
  }

  /** Whether a class outside the JDK has its own way to tell its message or its cause. */
  private static final ClassValue<Boolean> HAS_METHODS =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          try {
            for (String method : List.of("getMessage", "getCause")) {
              Class<?> declaring = type.getMethod(method).getDeclaringClass();
              if (!Stack.isJdk(declaring.getName())) {
                return true;
              }
            }
            return false;
          } catch (NoSuchMethodException | LinkageError e) {
            return true;
          }
        }
      };

  private static boolean isInChain(Throwable thrown) {
    Throwable at = thrown;
    for (int k = 0; at != null && k < MOST_CAUSES; k++) {
      if (isByClass(at) || isByText(at.getMessage())) {
        return true;
      }
      at = at.getCause();
    }
    return false;
  }

  private static boolean isByClass(Throwable thrown) {
    return thrown instanceof ConnectException
        || thrown instanceof SocketTimeoutException
        || thrown instanceof RejectedExecutionException
        || CLASSES.contains(thrown.getClass().getName());
  }

  static boolean isByText(@Nullable String message) {
    if (message == null) {
      return false;
    }
    String text =
        (message.length() > LONGEST ? message.substring(0, LONGEST) : message)
            .toLowerCase(Locale.ROOT);
    for (String part : TEXTS) {
      if (text.contains(part)) {
        return true;
      }
    }
    return STATUS.matcher(text).find();
  }
}
