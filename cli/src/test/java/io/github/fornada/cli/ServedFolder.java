package io.github.fornada.cli;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * An empty folder for each test that asks for it, with a {@link CommandServer} that has it as its
 * current one. Servers are used again: there are as many as tests run at once.
 */
final class ServedFolder implements AfterEachCallback {
  private static final ConcurrentLinkedQueue<Served> IDLE = new ConcurrentLinkedQueue<>();

  private static final Map<Path, Served> LEASED = new ConcurrentHashMap<>();

  private @Nullable Served served;

  /** Returns the folder. */
  Path path() throws IOException {
    if (served == null) {
      Served idle = IDLE.poll();
      served = idle == null ? Served.start() : idle;
      LEASED.put(served.folder, served);
    }
    return served.folder;
  }

  /** Runs a command in a folder that a server has. */
  static Command.Result served(Path folder, String... arguments) {
    Served served = LEASED.get(folder);
    if (served == null) {
      throw new AssertionError("no server has the folder " + folder);
    }
    return served.run(arguments);
  }

  /**
   * Runs a command in a folder, if there is a server that has it.
   *
   * @return null if there is none, or if it is not a command for one
   */
  static Command.Result run(Path folder, String... arguments) {
    Served served = LEASED.get(folder);
    return served == null || !isFor(arguments) ? null : served.run(arguments);
  }

  /** Returns whether a command starts no worker processes, which need its JVM for themselves. */
  private static boolean isFor(String... arguments) {
    List<String> words = List.of(arguments);
    boolean measures = !words.isEmpty() && List.of("compare", "advise").contains(words.getFirst());
    return (!measures || words.contains("--on") || words.contains("--replay"))
        && words.stream().noneMatch(word -> word.contains("processes") || word.equals("auto"));
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    if (served == null) {
      return;
    }
    LEASED.remove(served.folder);
    if (served.process.isAlive()) {
      empty(served.folder);
      IDLE.add(served);
    }
  }

  private static void empty(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException failure)
              throws IOException {
            if (!visited.equals(folder)) {
              Files.delete(visited);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** A server. Used by one test at a time. */
  private static final class Served {
    final Path folder;
    final Process process;
    private final Path streams;
    private final DataOutputStream requests;
    private final DataInputStream answers;
    private int count;

    private Served(Path folder, Path streams, Process process) {
      this.folder = folder;
      this.streams = streams;
      this.process = process;
      this.requests = new DataOutputStream(process.getOutputStream());
      this.answers = new DataInputStream(process.getInputStream());
    }

    static Served start() throws IOException {
      Path home = Files.createTempDirectory("command-server");
      Path folder = Files.createDirectory(home.resolve("folder")).toRealPath();
      var words = new ArrayList<>(CommandJvm.words());
      words.add(CommandServer.class.getName());
      Process process =
          new ProcessBuilder(words)
              .directory(folder.toFile())
              .redirectError(home.resolve("stderr.txt").toFile())
              .start();
      // It ends when its stdin does, with this JVM; nothing of it is left then.
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(home, process)));
      return new Served(folder, home, process);
    }

    private static void end(Path home, Process process) {
      try {
        process.destroyForcibly().waitFor();
        empty(home);
        Files.delete(home);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    Command.Result run(String... arguments) {
      Path out = streams.resolve("out-" + count + ".txt");
      Path err = streams.resolve("err-" + count + ".txt");
      count++;
      var answer = new FutureTask<>(answers::readInt);
      try {
        requests.writeInt(arguments.length);
        for (String argument : arguments) {
          write(argument);
        }
        write(out.toString());
        write(err.toString());
        requests.flush();
        Thread.ofVirtual().start(answer);
        int code = answer.get(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS);
        var result = new Command.Result(code, Files.readString(out), Files.readString(err));
        Files.delete(out);
        Files.delete(err);
        return result;
      } catch (TimeoutException | ExecutionException | IOException e) {
        process.destroyForcibly();
        throw new AssertionError(
            "the command server has not run: " + String.join(" ", arguments) + said(err), e);
      } catch (InterruptedException e) {
        process.destroyForcibly();
        throw new AssertionError(e);
      }
    }

    private String said(Path err) {
      try {
        return "\n" + Files.readString(err) + Files.readString(streams.resolve("stderr.txt"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void write(String text) throws IOException {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      requests.writeInt(bytes.length);
      requests.write(bytes);
    }
  }
}
