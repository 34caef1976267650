package io.github.fornada.advice.sense;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Serial;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.http.HttpTimeoutException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which failures look like overload of the other side. */
final class RefusalsTest {
  @Test
  void connectionsRefusedAndTimeOutsAreRefusals() {
    assertThat(Refusals.isRefusal(new ConnectException("Connection refused"))).isTrue();
    assertThat(Refusals.isRefusal(new ConnectException())).isTrue();
    assertThat(Refusals.isRefusal(new SocketTimeoutException("Read timed out"))).isTrue();
    assertThat(Refusals.isRefusal(new HttpTimeoutException("request timed out"))).isTrue();
    assertThat(Refusals.isRefusal(new SQLTransientConnectionException("no connection"))).isTrue();
    assertThat(Refusals.isRefusal(new RejectedExecutionException())).isTrue();
  }

  @Test
  void causesCount() {
    assertThat(
            Refusals.isRefusal(
                new CompletionException(
                    new IOException("it failed", new HttpTimeoutException("timed out")))))
        .isTrue();
    var around = new IOException("one");
    around.initCause(new IOException("two", around));
    assertThat(Refusals.isRefusal(around)).isFalse(); // and it ends
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP 429",
        "503",
        "status code: 503, body: ...",
        "Server returned HTTP response code: 503 for URL: http://localhost/",
        "got 429 for http://localhost/",
        "Too many requests",
        "io.grpc.StatusRuntimeException: RESOURCE_EXHAUSTED: quota",
        "too many concurrent streams",
        "FATAL: sorry, too many clients already",
        "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
        "Request was throttled"
      })
  void messagesThatSaySoAreRefusals(String message) {
    assertThat(Refusals.isRefusal(new IOException(message))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "item 503 is not a number",
        "HTTP 404",
        "row 429 of table 503",
        "42953",
        "no such file",
        "code 5030"
      })
  void othersAreNot(String message) {
    assertThat(Refusals.isRefusal(new IOException(message))).isFalse();
  }

  @Test
  void ordinaryFailuresAreNot() {
    assertThat(Refusals.isRefusal(null)).isFalse();
    assertThat(Refusals.isRefusal(new NullPointerException())).isFalse();
    assertThat(Refusals.isRefusal(new SQLException("syntax error"))).isFalse();
  }

  /** An exception whose methods are the user's. */
  private static final class OwnException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;
    private final boolean bad;

    OwnException(boolean bad) {
      super("hidden");
      this.bad = bad;
    }

    @Override
    public String getMessage() {
      if (bad) {
        throw new IllegalStateException("no message");
      }
      return "status 429";
    }
  }

  /** Its message takes longer than anybody waits for it. */
  private static final class SlowException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;
    static final AtomicInteger ASKED = new AtomicInteger();
    static final CountDownLatch OVER = new CountDownLatch(1);

    @Override
    public String getMessage() {
      ASKED.incrementAndGet();
      try {
        OVER.await();
      } catch (InterruptedException e) {
        // it was given up
      }
      return "status 429";
    }
  }

  @Test
  void aMessageThatTakesLongIsWaitedForOnce() {
    try {
      assertThat(Refusals.isRefusal(new SlowException())).isFalse();
      assertThat(Refusals.isRefusal(new IOException("it failed", new SlowException()))).isFalse();
      assertThat(Refusals.isRefusal(new SlowException())).isFalse();
      assertThat(SlowException.ASKED).hasValue(1);
    } finally {
      SlowException.OVER.countDown();
    }
  }

  @Test
  void methodsOfTheUserAreCalledAndMayFail() {
    assertThat(Refusals.isRefusal(new OwnException(false))).isTrue();
    assertThat(Refusals.isRefusal(new OwnException(true))).isFalse();
  }
}
