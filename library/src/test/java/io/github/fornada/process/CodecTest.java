package io.github.fornada.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.spi.PayloadCodec;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** A user's own codec instead of the JDK's serialization. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class CodecTest {
  /** A class that the JDK cannot serialize. */
  record Word(String text) {}

  /** Encodes only words; some words make it fail. */
  record WordCodec() implements PayloadCodec {
    @Override
    public Session open(ClassLoader loader) {
      return new Session() {
        @Override
        public void write(Object value, OutputStream out) throws IOException {
          String text = ((Word) value).text();
          out.write(text.getBytes(UTF_8));
          if (text.equals("unwritable")) {
            throw new IllegalArgumentException("after some bytes");
          }
        }

        @Override
        public Object read(byte[] bytes, int from, int length) throws IOException {
          String text = new String(bytes, from, length, UTF_8);
          if (text.equals("unreadable")
              || (text.equals("unreadable to the parent") && !Pools.isWorker())) {
            throw new IOException("not a word");
          }
          if (text.equals("deadly")) {
            Runtime.getRuntime().halt(7);
          }
          return new Word(text);
        }
      };
    }

    @Override
    public List<String> workerJvmOptions() {
      return List.of("-Dcodec.option=given");
    }
  }

  private static Pool open(UnaryOperator<ProcessOptions> change) {
    return Pools.open(1, o -> change.apply(o.withCodec(new WordCodec())));
  }

  private static Word louder(Word word) {
    return new Word(word.text() + "!");
  }

  @Test
  void objectsThatAreNotSerializableTravelByTheCodec() throws Exception {
    try (Pool pool = open(o -> o)) {
      List<Word> words = IntStream.range(0, 1000).mapToObj(i -> new Word("w" + i)).toList();
      assertThat(pool.map(words, CodecTest::louder))
          .isEqualTo(words.stream().map(CodecTest::louder).toList());
      assertThat(pool.submit(new Word("x".repeat(3_000_000)), CodecTest::louder).get().text())
          .hasSize(3_000_001);
    }
  }

  @Test
  void plainValuesAndFunctionsAndExceptionsGoPastTheCodec() throws Exception {
    try (Pool pool = open(o -> o)) {
      int captured = 3;
      assertThat(pool.submit(4, n -> n + captured).get()).isEqualTo(7);
      assertThat(pool.submit("\uD800half", s -> new int[s.length()]).get()).hasSize(5);
      Outcome<Integer> failed =
          pool.outcomes(
                  List.of(1),
                  n -> {
                    if (n == 1) {
                      throw new IllegalStateException("as tasks do");
                    }
                    return n;
                  })
              .findFirst()
              .orElseThrow();
      assertThat(((Outcome.Failed<Integer>) failed).cause())
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("as tasks do");
    }
  }

  @Test
  void theCodecsOptionsComeBeforeTheUsersOwn() throws Exception {
    try (Pool pool = open(o -> o.withJvmOptions("-Dusers=own"))) {
      String options =
          pool.submit(
                  1,
                  n -> String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()))
              .get();
      assertThat(options).containsSubsequence("-Dcodec.option=given", "-Dusers=own");
    }
  }

  /** Returns the outcome of one word, between two good ones that the same worker runs. */
  private static Outcome<Word> between(String text) {
    try (Pool pool = open(o -> o)) {
      List<Outcome<Word>> all =
          pool.outcomes(
                  List.of(new Word("a"), new Word(text), new Word("b")),
                  word ->
                      word.text().startsWith("gives ")
                          ? new Word(word.text().substring("gives ".length()))
                          : louder(word))
              .toList();
      assertThat(all.get(0).get()).isEqualTo(new Word("a!"));
      assertThat(all.get(2).get()).isEqualTo(new Word("b!"));
      return all.get(1);
    }
  }

  private static Throwable cause(Outcome<Word> outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Failed.class);
    return ((Outcome.Failed<Word>) outcome).cause();
  }

  @Test
  void anItemThatTheCodecCannotWriteFailsAloneAndNamesTheCodec() {
    assertThat(cause(between("unwritable")))
        .hasMessageContaining("cannot be sent to a worker process: WordCodec cannot write a ")
        .hasMessageContaining("Word: java.lang.IllegalArgumentException: after some bytes");
  }

  @Test
  void anItemThatTheCodecCannotReadFailsAloneAndNamesTheCodec() {
    assertThat(cause(between("unreadable")))
        .hasMessageContaining("WordCodec cannot read a value: java.io.IOException: not a word");
  }

  @Test
  void aResultThatTheCodecCannotWriteFailsAloneAndNamesTheCodec() {
    assertThat(cause(between("gives unwritable"))).hasMessageContaining("WordCodec cannot write a");
  }

  @Test
  void aResultThatTheParentCannotReadFailsAloneAndNamesTheCodec() {
    assertThat(cause(between("gives unreadable to the parent")))
        .hasMessageContaining("could not be read in this process")
        .hasMessageContaining("WordCodec cannot read a value");
  }

  @Test
  void aValueThatKillsItsReaderKillsTheWorkerAndNeverTheParent() {
    assertThat(between("deadly")).isInstanceOf(Outcome.WorkerLost.class);
    assertThat(between("gives deadly")).isInstanceOf(Outcome.WorkerLost.class);
  }

  /** Works in the parent only. */
  record StayAtHomeCodec() implements PayloadCodec {
    @Override
    public Session open(ClassLoader loader) {
      if (Pools.isWorker()) {
        throw new IllegalStateException("no place like home");
      }
      return new WordCodec().open(loader);
    }
  }

  @Test
  void aCodecThatCannotBeOpenedInTheWorkerFailsThePoolAndSaysSo() throws Exception {
    try (Pool pool = Pools.open(1, o -> o.withCodec(new StayAtHomeCodec()))) {
      assertThatThrownBy(() -> pool.submit(1, n -> n).get())
          .rootCause()
          .hasMessageContaining("no place like home");
      assertThatThrownBy(() -> pool.submit(1, n -> n).get())
          .hasMessageContaining("the codec of the workers failed");
    }
  }

  /** Cannot travel. */
  @SuppressWarnings("serial") // that is the point
  record HeavyCodec(Thread thread) implements PayloadCodec, Serializable {
    @Override
    public Session open(ClassLoader loader) {
      return new WordCodec().open(loader);
    }
  }

  @Test
  void aCodecThatCannotBeSentFailsThePoolAndSaysSo() throws Exception {
    try (Pool pool = Pools.open(1, o -> o.withCodec(new HeavyCodec(Thread.currentThread())))) {
      assertThatThrownBy(() -> pool.submit(1, n -> n).get())
          .hasMessageContaining("the codec of the workers cannot be sent to them");
    }
  }
}
