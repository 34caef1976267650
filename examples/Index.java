import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.StageModel;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/**
 * Which words each file is about: reads compressed texts, counts their words, and writes a line for
 * each. As a loop, and as a pipeline that says which of its stages is slow.
 */
public class Index {
  private static final Pattern WORD = Pattern.compile("\\p{L}+(?:['_-]\\p{L}+)*");

  /** Arguments: a folder of .gz files, the file to write, and how many workers parse; 0 for a loop. */
  public static void main(String[] args) throws Exception {
    List<Path> files;
    try (var all = Files.walk(Path.of(args[0]))) {
      files = all.filter(file -> file.toString().endsWith(".gz")).sorted().toList();
    }
    int parsers = Integer.parseInt(args[2]);
    long begin = System.nanoTime();
    try (var out = new PrintStream(args[1])) {
      if (parsers == 0) {
        loop(files, out);
      } else {
        pipeline(files, parsers, out);
      }
    }
    System.out.printf("%d files in %.2f s%n", files.size(), (System.nanoTime() - begin) / 1e9);
  }

  static void loop(List<Path> files, PrintStream out) throws IOException {
    for (Path file : files) {
      String text = gunzip(file);
      Map<String, Integer> counts = parse(text);
      String line = aggregate(counts);
      out.println(line);
    }
  }

  static void pipeline(List<Path> files, int parsers, PrintStream out) {
    try (var run =
        Pipeline.from(files)
            .stage("gunzip", StageModel.threads(1), Index::gunzip)
            .stage("parse", StageModel.threads(parsers), Index::parse)
            .stage("aggregate", StageModel.threads(1), Index::aggregate)
            .run()) {
      run.outcomes().forEach(outcome -> out.println(outcome.get()));
      System.out.print(run.summary());
    }
  }

  static String gunzip(Path file) throws IOException {
    try (var in = new GZIPInputStream(Files.newInputStream(file))) {
      return new String(in.readAllBytes());
    }
  }

  static Map<String, Integer> parse(String text) {
    var counts = new HashMap<String, Integer>();
    WORD.matcher(text).results().forEach(m -> counts.merge(m.group().toLowerCase(), 1, Integer::sum));
    return counts;
  }

  static String aggregate(Map<String, Integer> counts) {
    return counts.entrySet().stream()
        .filter(e -> e.getKey().length() > 4)
        .sorted(Map.Entry.<String, Integer>comparingByValue().reversed().thenComparing(e -> e.getKey()))
        .limit(5)
        .map(e -> e.getKey() + " " + e.getValue())
        .collect(Collectors.joining(", "));
  }
}
