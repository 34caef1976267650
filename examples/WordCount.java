import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Counts the words of a text file: it reads some and computes some. */
public class WordCount {
  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}]+");

  /** The result, printed as a line of JSON. */
  public record Count(Path file, long lines, long words, int distinct, String mostFrequent) {}

  public static Count count(Path file) throws IOException {
    String text = Files.readString(file);
    Map<String, Integer> counts = new TreeMap<>();
    WORD.matcher(text.toLowerCase())
        .results()
        .map(MatchResult::group)
        .forEach(word -> counts.merge(word, 1, Integer::sum));
    String mostFrequent =
        counts.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .map(Map.Entry::getKey)
            .orElse("");
    long words = counts.values().stream().mapToLong(Integer::longValue).sum();
    return new Count(file, text.lines().count(), words, counts.size(), mostFrequent);
  }
}
