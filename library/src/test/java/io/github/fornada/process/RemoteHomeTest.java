package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.SharedBytes;
import io.github.fornada.TaskException;
import io.github.fornada.Waiting;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What workers on other machines find there, and what comes home from them. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RemoteHomeTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path folder;

  private static NearbyPool pool() {
    return NearbyPool.withoutAgents(1, ProcessOptions.defaults().withHeap("64m"), LONG);
  }

  /**
   * A way to a machine where the folders of this one do not exist, nor can be made: on the way
   * there each of their paths becomes one below a file, of the same length.
   */
  static RemoteAgent.Channel toAnotherMachine(NearbyPool pool) {
    List<String> here = PrivateDirectory.bases().stream().map(Path::toString).toList();
    List<String> there =
        here.stream()
            .map(path -> "/dev/null/".repeat(path.length()).substring(0, path.length()))
            .toList();
    return question -> {
      byte[] asked = question;
      for (int i = 0; i < here.size(); i++) {
        asked = replaced(asked, there.get(i) + "/fornada-", here.get(i) + "/fornada-");
      }
      byte[] answer = pool.ask(asked);
      for (int i = 0; i < here.size(); i++) {
        answer = replaced(answer, here.get(i) + "/fornada-", there.get(i) + "/fornada-");
      }
      return answer;
    };
  }

  private static byte[] replaced(byte[] bytes, String from, String to) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    return text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void sharedBytesReachAMachineThatCannotHaveTheirPath() throws Exception {
    byte[] model = new byte[9_000_000];
    Arrays.fill(model, (byte) 7);
    try (NearbyPool pool = pool()) {
      RemoteAgent _ = pool.agent("far", 1, toAnotherMachine(pool));
      try (SharedBytes shared = pool.share(model)) {
        List<String> seen =
            pool.map(
                List.of(0, model.length - 1),
                i -> shared.byteSize() + " " + shared.segment().get(ValueLayout.JAVA_BYTE, i));
        assertThat(seen).containsExactly("9000000 7", "9000000 7");
      }
    }
  }

  @Test
  void whatWasSharedIsGoneFromTheOtherMachineWhenItIsClosed() throws Exception {
    try (NearbyPool pool = pool()) {
      RemoteAgent _ = pool.agent("far", 1, toAnotherMachine(pool));
      SharedBytes shared = pool.share(new byte[] {1, 2, 3});
      assertThat(pool.map(List.of(1), i -> shared.segment().get(ValueLayout.JAVA_BYTE, i)))
          .containsExactly((byte) 2);
      assertThat(fetched()).isEqualTo(1);
      shared.close();
      Waiting.until("the copy is deleted", () -> fetched() == 0);
    }
  }

  @Test
  void aPoolInsideAnItemFindsTheSharedBytesToo() throws Exception {
    try (NearbyPool pool = pool()) {
      RemoteAgent _ = pool.agent("far", 1, toAnotherMachine(pool));
      try (SharedBytes shared = pool.share(new byte[] {1, 2, 3})) {
        assertThat(
                pool.map(
                    List.of(1),
                    i -> {
                      try (var inner = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"))) {
                        return inner
                            .map(List.of(i), k -> shared.segment().get(ValueLayout.JAVA_BYTE, k))
                            .getFirst();
                      }
                    }))
            .containsExactly((byte) 2);
      }
    }
  }

  @Test
  void sharedBytesComeByTheWayOfTheClusterAndFromThePoolIfThatFails() throws Exception {
    for (boolean works : List.of(true, false)) {
      var asked = new AtomicInteger();
      try (NearbyPool pool = pool()) {
        pool.way = file -> file.toString().getBytes(StandardCharsets.UTF_8);
        RemoteAgent.Channel far = toAnotherMachine(pool);
        RemoteAgent.Channel both =
            new RemoteAgent.Channel() {
              @Override
              public byte[] ask(byte[] question) throws IOException, InterruptedException {
                asked.addAndGet(question[0] == RemoteWire.FETCH ? 1 : 0);
                return far.ask(question);
              }

              @Override
              public boolean fetch(byte[] way, Path to) {
                try {
                  Files.write(to, works ? new byte[] {1, 2, 3} : new byte[] {9});
                  return works;
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              }
            };
        RemoteAgent _ = pool.agent("far", 1, both);
        try (SharedBytes shared = pool.share(new byte[] {1, 2, 3})) {
          assertThat(pool.map(List.of(0, 2), i -> shared.segment().get(ValueLayout.JAVA_BYTE, i)))
              .containsExactly((byte) 1, (byte) 3);
        }
        assertThat(asked.get()).isEqualTo(works ? 0 : 1);
      }
    }
  }

  /** Brings a file to its place; returns whether it did. */
  private interface Fetch {
    boolean to(Path place) throws IOException;
  }

  private static RemoteAgent.Channel fetching(RemoteAgent.Channel far, Fetch fetch) {
    return new RemoteAgent.Channel() {
      @Override
      public byte[] ask(byte[] question) throws IOException, InterruptedException {
        return far.ask(question);
      }

      @Override
      public boolean fetch(byte[] way, Path to) {
        try {
          return fetch.to(to);
        } catch (IOException e) {
          throw new AssertionError(e);
        }
      }
    };
  }

  @Test
  void aMachineWithoutRoomForSharedBytesRunsTheItemsThatDoNotUseThem() throws Exception {
    Path[] taken = new Path[1];
    try (NearbyPool pool = pool()) {
      pool.way = file -> new byte[] {1};
      RemoteAgent.Channel far = toAnotherMachine(pool);
      RemoteAgent.Channel full =
          fetching(
              far,
              to -> { // a folder in its place, so that no file can be created
                taken[0] = Files.createDirectories(to.resolve("inside"));
                return false;
              });
      RemoteAgent agent = pool.agentInside("far", 1, full);
      SharedBytes shared = pool.share(new byte[] {1, 2, 3});
      assertThat(pool.map(List.of(1), i -> i + 1)).containsExactly(2);
      assertThatThrownBy(
              () -> pool.map(List.of(1), i -> shared.segment().get(ValueLayout.JAVA_BYTE, i)))
          .hasMessageContaining("shared bytes could not be mapped");
      assertThat(agent.hasEnded()).isFalse();
      Files.delete(taken[0]);
      Files.delete(taken[0].getParent());
    }
  }

  @Test
  void aWayThatBringsOnlyAPartOfSharedBytesIsNotTheLast() throws Exception {
    try (NearbyPool pool = pool()) {
      pool.way = file -> new byte[] {1};
      RemoteAgent.Channel far = toAnotherMachine(pool);
      RemoteAgent.Channel half =
          fetching(
              far,
              to -> {
                Files.write(to, new byte[] {1});
                return true;
              });
      RemoteAgent _ = pool.agentInside("far", 1, half);
      try (SharedBytes shared = pool.share(new byte[] {1, 2, 3})) {
        assertThat(pool.map(List.of(2), i -> shared.segment().get(ValueLayout.JAVA_BYTE, i)))
            .containsExactly((byte) 3);
      }
    }
  }

  @Test
  void anAgentThatCannotGoOnSaysWhyAndIsNotWaitedFor() throws Exception {
    try (NearbyPool pool = pool()) {
      var broken = new AtomicBoolean();
      RemoteAgent agent =
          pool.agentInside(
              "one",
              1,
              question -> {
                byte[] answer = pool.ask(question);
                // An entry that there is not.
                return question[0] == RemoteWire.POLL && broken.get()
                    ? new byte[] {RemoteWire.OK, 99}
                    : answer;
              });
      var running = new CountDownLatch(1);
      RUNNING.set(running);
      CompletableFuture<Integer> future = pool.submit(7, RemoteHomeTest::runsForLong);
      assertThat(running.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      broken.set(true);
      // Answers the question that waits.
      pool.links.answerOld(Duration.ZERO);
      assertThatThrownBy(() -> future.get(LONG.toSeconds() / 2, TimeUnit.SECONDS))
          .cause()
          .hasMessageContaining("one has ended (it failed: java.io.IOException: the pool sent a");
      assertThat(agent.failure()).startsWith("it failed");
    }
  }

  private static final AtomicReference<CountDownLatch> RUNNING = new AtomicReference<>();

  private static int runsForLong(int i) throws InterruptedException {
    RUNNING.get().countDown();
    Thread.sleep(600_000);
    return i;
  }

  @Test
  void whyAnAgentCannotBeOpenedIsToldThoughThePoolDoesNotAnswerAnyMore() throws Exception {
    try (NearbyPool pool = pool()) {
      RemoteAgent.Channel mute =
          question -> {
            if (question[0] == RemoteWire.BYE) {
              var _ = pool.ask(question);
              throw new IOException("no answer");
            }
            return pool.ask(question);
          };
      assertThatThrownBy(() ->
              RemoteAgent.openInside(
                  mute,
                  "one",
                  policy -> {
                    throw new IllegalStateException("as a test");
                  }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("as a test")
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
      assertThat(pool.agents()).isEmpty();
    }
  }

  /** How many copies the agents of this JVM have. */
  static long fetched() {
    return PrivateDirectory.bases().stream()
        .flatMap(RemoteHomeTest::own)
        .flatMap(RemoteHomeTest::content)
        .filter(file -> file.getFileName().toString().startsWith("far-"))
        .count();
  }

  private static Stream<Path> own(Path base) {
    String prefix = "fornada-" + ProcessHandle.current().pid();
    return content(base).filter(path -> path.getFileName().toString().startsWith(prefix));
  }

  private static Stream<Path> content(Path of) {
    try (Stream<Path> all = Files.list(of)) {
      return all.toList().stream();
    } catch (IOException e) {
      return Stream.empty(); // it is gone, or never was
    }
  }

  @Test
  void workersAreInTheFolderOfTheProgramWhereThatExists() throws Exception {
    try (NearbyPool pool = pool()) {
      RemoteAgent _ = pool.agent("near", 1, pool::ask);
      assertThat(pool.map(List.of(1), _ -> Path.of("").toAbsolutePath().toString()))
          .containsExactly(Path.of("").toAbsolutePath().toString());
    }
  }

  @Test
  void anotherMachineWithoutTheProgramsFolderHasWorkersAllTheSame() throws Exception {
    String here = Path.of("").toAbsolutePath().toString();
    String nowhere = "/dev/null/".repeat(here.length()).substring(0, here.length());
    try (NearbyPool pool = pool()) {
      RemoteAgent _ = pool.agent("far", 1, question -> replaced(pool.ask(question), here, nowhere));
      assertThat(pool.map(List.of(1), i -> i + 1)).containsExactly(2);
    }
  }

  @Test
  void anAgentThatMustPauseBetweenReportsHasMoreWorkAhead() throws Exception {
    // Where items take much longer than they sleep, fewer are enough.
    Waiting.inOneOfFewRuns(Duration.ofMillis(20), item -> hasMoreWorkAhead((int) item.toMillis()));
  }

  private static void hasMoreWorkAhead(int millis) throws Exception {
    var most = new AtomicInteger();
    try (NearbyPool pool = pool()) {
      RemoteAgent.Channel paused =
          question -> {
            if (question[0] == RemoteWire.POLL) {
              most.accumulateAndGet(
                  new MessageInput(question, 9, question.length - 9).getInt(), Math::max);
            }
            byte[] answer = pool.ask(question);
            return question[0] == RemoteWire.REPORT && answer[0] == RemoteWire.OK
                ? new MessageOutput().putByte(RemoteWire.OK).putLong(250_000_000).toByteArray()
                : answer;
          };
      RemoteAgent _ = pool.agent("one-of-many", 1, paused);
      try (var all = pool.completions(Collections.nCopies(400, millis), RemoteHomeTest::slept)) {
        var each = all.iterator();
        while (most.get() <= 1 + 200 / millis) { // what it wants without a pause
          assertThat(each.hasNext()).as("more than %s ahead", most).isTrue();
          assertThat(each.next().outcome().isDone()).isTrue();
        }
      }
    }
  }

  @Test
  void itemsAreReportedTogetherWhileThereIsMoreToDo() throws Exception {
    var reports = new AtomicInteger();
    try (NearbyPool pool = pool()) {
      RemoteAgent _ =
          pool.agent(
              "one",
              1,
              question -> {
                reports.addAndGet(question[0] == RemoteWire.REPORT ? 1 : 0);
                return pool.ask(question);
              });
      assertThat(pool.map(Collections.nCopies(30, 2), RemoteHomeTest::slept)).hasSize(30);
      // Items that take very long, on a busy machine, are reported one by one.
      Waiting.inOneOfFewRuns(() -> {
        int before = reports.get();
        assertThat(pool.map(Collections.nCopies(300, 2), RemoteHomeTest::slept)).hasSize(300);
        assertThat(reports.get() - before).isLessThan(100);
      });
    }
  }

  private static int slept(int millis) throws InterruptedException {
    Thread.sleep(millis);
    return millis;
  }

  /** As many agents as a large cluster has ask for the same class in the same moment. */
  @Test
  void questionsForClassesWaitForAThreadWhenVeryManyComeAtOnce() throws Exception {
    int count = 600;
    var go = new CountDownLatch(1);
    var begun = new AtomicInteger();
    var found = new AtomicInteger();
    var answered = new CountDownLatch(count);
    ProcessOptions options =
        ProcessOptions.defaults()
            .withClassFiles(name -> {
              begun.incrementAndGet();
              try {
                go.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              return new byte[] {1, 2, 3};
            });
    try (NearbyPool pool = NearbyPool.withoutAgents(1, options, LONG)) {
      long id = 1;
      pool.serve(hello(id), answer -> {});
      for (int i = 0; i < count; i++) {
        pool.serve(
            find(id, "a.Class"),
            answer -> {
              found.addAndGet(answer[0] == MessageTypes.FOUND ? 1 : 0);
              answered.countDown();
            });
      }
      Waiting.until("every thread is busy", () -> begun.get() >= 256);
      go.countDown();
      assertThat(answered.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(found.get()).isEqualTo(count);
      pool.lost("many", "is no longer needed");
    }
  }

  private static byte[] hello(long id) {
    return new MessageOutput()
        .putByte(RemoteWire.HELLO)
        .putLong(id)
        .putInt(RemoteWire.VERSION)
        .putString("many")
        .putLong(1)
        .putString(Runtime.version().toString())
        .toByteArray();
  }

  private static byte[] find(long id, String name) {
    return new MessageOutput()
        .putByte(RemoteWire.FIND)
        .putLong(id)
        .putByte(1)
        .putString(name)
        .putLong(0)
        .putInt(0)
        .toByteArray();
  }

  @Test
  void aJdkThatMayCorruptDataIsToldOf() {
    assertThat(RemotePool.warning("25+36-LTS", "executor-3"))
        .isEqualTo(
            "executor-3 runs on JDK 25+36-LTS, which may corrupt data under G1 (JDK-8377811):"
                + " install 25.0.3 or later there");
    assertThat(RemotePool.warning("25.0.2+7", "executor-3")).isNotNull();
    assertThat(RemotePool.warning("25.0.3+9-LTS", "executor-3")).isNull();
    assertThat(RemotePool.warning("26.0.1+5", "executor-3")).isNull();
  }

  @Test
  void aLargePoolTakesEnoughFromASourceForAllOfItsWorkers() throws Exception {
    ProcessOptions options = ProcessOptions.defaults();
    try (NearbyPool small = NearbyPool.withoutAgents(2, options, LONG);
        NearbyPool large = NearbyPool.withoutAgents(1000, options, LONG);
        NearbyPool chosen = NearbyPool.withoutAgents(1000, options.withWindow(10), LONG)) {
      assertThat(small.home().policy().window()).isEqualTo(1024);
      assertThat(large.home().policy().window()).isEqualTo(256_000);
      assertThat(chosen.home().policy().window()).isEqualTo(10);
    }
  }

  @Test
  void forEachRunsEveryItemAndLeavesTheResultsThere() throws Exception {
    String notes = folder.toString();
    try (NearbyPool pool = pool()) {
      RemoteAgent _ = pool.agent("one", 1, pool::ask);
      long count =
          pool.forEach(
              IntStream.range(0, 50).boxed().toList(),
              i -> {
                Files.writeString(Path.of(notes, "item-" + i), "", StandardOpenOption.CREATE_NEW);
                return Thread.currentThread(); // cannot be sent
              });
      assertThat(count).isEqualTo(50);
    }
    assertThat(content(folder)).hasSize(50);
  }

  @Test
  void forEachThrowsTheFirstFailureAndNamesItsItem() throws Exception {
    try (NearbyPool pool = pool()) {
      RemoteAgent _ = pool.agent("one", 1, pool::ask);
      assertThatThrownBy(() -> pool.forEach(List.of(1, 0, 2), i -> 10 / i))
          .isInstanceOf(TaskException.class)
          .hasMessageContaining("item 1 (0) failed")
          .hasCauseInstanceOf(ArithmeticException.class);
    }
  }
}
