package io.github.fornada.cli;

import io.github.fornada.process.ProcessPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What {@link CommandJvm} runs to find out which classes an ahead-of-time cache should have. */
final class CommandTraining {
  private static final String TASK =
      """
      import java.nio.file.*;
      import java.util.*;
      public class Training {
        public record Length(String of, int chars) {}
        public static String echo(String s) {
          if (s.equals("boom")) {
            throw new IllegalStateException("no " + s, new RuntimeException("because"));
          }
          return s;
        }
        public static Length length(String s) { return new Length(s, s.length()); }
        public static long size(Path p) throws Exception { return Files.size(p); }
        public static List<Integer> twice(int n) { return List.of(n, n); }
      }
      """;

  private static final List<String> LINES =
      List.of(
          "help run",
          "compare Training.java#twice 1 2 --on sequential,threads --rounds 1",
          "run Training.java#length --on virtual --lines lines -o out --timeout 9s --with-item",
          "run Training.java#echo then Training.java#length --on sequential a -o out --report page",
          "run Training.java#echo --nope",
          "run Training.java#echo a boom b --report page --trace trace --format jsonl -o jsonl",
          // The last, because it closes stdout.
          "run Training.java#size --files . --match *.java --figures=table");

  private CommandTraining() {}

  /** Runs in an empty folder. */
  public static void main(String[] args) throws IOException, InterruptedException {
    var _ = ProcessPool.makeAotCache(o -> o);
    Files.writeString(Path.of("Training.java"), TASK);
    Files.writeString(Path.of("lines"), "a\nb\n");
    var _ = StandardStreams.take();
    for (String line : LINES) {
      StandardStreams.get().err().println(line);
      int code = FornadaCommand.execute(line.split(" "));
      StandardStreams.get().err().println("exit code " + code);
    }
    System.exit(ExitCode.OK);
  }
}
