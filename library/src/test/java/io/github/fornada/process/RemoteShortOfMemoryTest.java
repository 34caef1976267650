package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program with a pool on other machines whose heap is too small for an item or a result. */
@SideBySide
final class RemoteShortOfMemoryTest {
  private static final String PROGRAM =
      """
      import io.github.fornada.Outcome;
      import io.github.fornada.process.RemoteAgent;
      import io.github.fornada.process.RemotePool;
      import io.github.fornada.threads.ThreadPool;
      import java.io.IOException;
      import java.io.ObjectInputStream;
      import java.io.Serializable;
      import java.time.Duration;
      import java.util.List;
      import java.util.concurrent.CompletableFuture;
      import java.util.concurrent.ExecutionException;
      import java.util.concurrent.TimeUnit;
      import java.util.concurrent.TimeoutException;

      public class Near {
        static final class NearPool extends RemotePool {
          NearPool() {
            super(1, optionsOf(o -> o), Duration.ofSeconds(60), Duration.ofSeconds(60));
          }

          byte[] ask(byte[] question) throws IOException, InterruptedException {
            var answer = new CompletableFuture<byte[]>();
            serve(question, answer::complete);
            try {
              return answer.get(60, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
              throw new IOException(e);
            }
          }

          @Override
          protected void end() {}
        }

        public static void main(String[] args) throws Exception {
          int size = Integer.parseInt(args[0]);
          try (var pool = new NearPool()) {
            var agent =
                RemoteAgent.openInside(
                    pool::ask,
                    "near",
                    policy -> ThreadPool.open(o -> o.withWorkers(1).withPolicy(policy)));
            agent.use(1);
            System.out.println(pool.map(List.of(1), x -> x + 1));
            var all = pool.outcomes(List.of(new byte[size], 1), x -> 1).toList();
            System.out.println(all.size() + " have ended");
            System.out.println(pool.map(List.of(2), x -> x + 1));
          }
        }
      }
      """;

  /** Three copies fit in what is left of the heap, and not a fourth. */
  @Test
  void anItemThatThereIsNoRoomForInAnAnswerFailsAndThePoolGoesOn(@TempDir Path folder)
      throws Exception {
    Path classes = Programs.compile(folder.resolve("classes"), List.of(), PROGRAM);
    Programs.Ran ran =
        Programs.runLimited(
            folder,
            ":",
            Programs.library() + File.pathSeparator + classes,
            "-XX:+UseSerialGC -Xmx130m -XX:NewSize=20m -XX:MaxNewSize=20m Near 30000000");
    assertThat(ran.said()).contains("[2]\n", "2 have ended\n", "[3]\n");
  }
}
