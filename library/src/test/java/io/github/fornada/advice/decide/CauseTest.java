package io.github.fornada.advice.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CauseTest {
  private static Arguments cause(Cause cause, String words, Consumer<Series> change) {
    return Arguments.of(cause, words, change);
  }

  static Stream<Arguments> causes() {
    return Stream.of(
        cause(Cause.COMPUTES, "5.0 ms of processor time each", s -> s.cpu = 5),
        cause(
            Cause.SOCKETS,
            "for sockets: 100 % of the 50 ms",
            s -> {
              s.cpu = 0.01;
              s.wait = 50;
            }),
        cause(
            Cause.SLEEPS,
            "in a sleep",
            s -> {
              s.cpu = 0.01;
              s.wait = 50;
              s.kind = WaitKind.SLEEP;
            }),
        cause(
            Cause.CONNECTION_POOL,
            "for a connection from a pool",
            s -> {
              s.cpu = 0.01;
              s.wait = 50;
              s.capacity = 0.2;
              s.kind = WaitKind.CONNECTION_POOL;
            }),
        cause(
            Cause.FILES,
            "for files",
            s -> {
              s.cpu = 1;
              s.wait = 5;
              s.kind = WaitKind.FILE;
            }),
        cause(
            Cause.SIGNALS,
            "for other tasks",
            s -> {
              s.cpu = 1;
              s.wait = 5;
              s.kind = WaitKind.SIGNAL;
            }),
        cause(
            Cause.WAITS,
            "could not be told",
            s -> {
              s.cpu = 1;
              s.wait = 5;
              s.kind = WaitKind.UNKNOWN;
            }),
        cause(
            Cause.LOCK,
            "at com.acme.Parser.parse(Parser.java:42)",
            s -> {
              s.cpu = 5;
              s.lock = 4.5;
              s.processDoubt = "Parser.socket is not serializable";
            }),
        cause(
            Cause.NATIVE_LOCK,
            "within a native library",
            s -> {
              s.cpu = 5;
              s.lock = 4.5;
              s.lockKind = WaitKind.NATIVE_LOCK;
              s.processDoubt = "Parser.socket is not serializable";
            }),
        cause(
            Cause.SHARED_STATE,
            "not a lock",
            s -> {
              s.cpu = 5;
              s.growth = 0.6;
            }),
        cause(
            Cause.MEMORY,
            "memory or cache",
            s -> {
              s.cpu = 5;
              s.growth = 0.2;
              s.growthInProcesses = true;
              s.memoryScaling = 1.3;
            }),
        cause(
            Cause.COLLECTOR,
            "collector takes 40 %",
            s -> {
              s.cpu = 5;
              s.collector = 0.4;
            }),
        cause(
            Cause.QUOTA,
            "1.5 cores where 4 processors",
            s -> {
              s.cpu = 5;
              s.usable = 1.5;
              s.throttled = 0.6;
            }),
        cause(
            Cause.BUSY_MACHINE,
            "Other programs keep 2.0 of 4 processors busy",
            s -> {
              s.cpu = 5;
              s.foreign = 2;
            }),
        cause(
            Cause.FEW_ITEMS,
            "only 4 items of 3.0 ms",
            s -> {
              s.cpu = 3;
              s.items = 4;
            }),
        cause(
            Cause.FEW_ITEMS,
            "one item",
            s -> {
              s.cpu = 3000;
              s.items = 1;
            }),
        cause(
            Cause.SMALL_ITEMS,
            "too small",
            s -> {
              s.cpu = 0.0004;
              s.items = 50_000_000;
            }),
        cause(
            Cause.WARM_UP,
            "loading and compiling",
            s -> {
              s.cpu = s.done < 40 ? 10 : 0.5;
              s.compilers = s.done < 40 ? 1 : 0;
              s.cores = 1;
              s.usable = 1;
              s.items = 100;
            }),
        cause(
            Cause.SHIPPING,
            "Sending costs more",
            s -> {
              s.cpu = 5;
              s.bytes = 48e6;
              s.threadDoubt = "Parser.FORMAT is a static SimpleDateFormat";
            }),
        cause(
            Cause.SLOW_SOURCE,
            "source of the items",
            s -> {
              s.cpu = 5;
              s.dry = 0.9;
            }),
        cause(
            Cause.PARALLEL_INSIDE,
            "keeps 3.5 of 4.0 cores busy",
            s -> {
              s.cpu = 5;
              s.inside = 3.5;
            }));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("causes")
  void theFirstSentenceNamesTheCause(Cause cause, String words, Consumer<Series> change) {
    var job = new Series(change);
    Finding finding = job.run(0.6, 60_000).result();
    assertThat(finding.sentences().getFirst()).contains(words);
    assertThat(finding.cause()).isEqualTo(cause);
    assertThat(finding.confidence()).isBetween(0.0, 1.0);
  }
}
