package io.github.fornada.scenarios.largefiles;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.HandWritten;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Step;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.harness.WrongResultException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The row {@code large-files}. */
public final class LargeFilesScenario implements Scenario {
  /** More chunks than workers, so that none waits long for the last. */
  private static final int CHUNKS_A_WORKER = 8;

  @Override
  public String name() {
    return "large-files";
  }

  @Override
  public String about() {
    return "lowest, mean and highest value of each station in a file of millions of rows";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) throws Exception {
    Path file = setup.folder().resolve("measurements.txt");
    int rows = setup.size().of(1_000_000, 20_000_000, 100_000_000);
    Measurements.write(file, rows, 1_000);
    return List.of(new Stations(file, rows, setup.processors() * CHUNKS_A_WORKER));
  }

  /** The same function over chunks of the file. */
  static final class Stations extends Trial<String> {
    private final Path file;
    private final int rows;
    private final List<Readers.Chunk> chunks;
    private final String exact;

    Stations(Path file, int rows, int chunks) throws IOException {
      super("");
      this.file = file;
      this.rows = rows;
      this.chunks = Readers.chunks(file, chunks);
      this.exact = Readers.exact(file);
    }

    @Override
    public String guidePick() {
      return "multiprocessing";
    }

    @Override
    public String sequential() throws Exception {
      return Station.text(HandWritten.loop(chunks, StationTable::read));
    }

    @Override
    public String under(Pool pool) throws Exception {
      return Station.text(pool.map(chunks, StationTable::read));
    }

    /** The other side's own count: a version with decimals that shares no code with the others. */
    @Override
    public void after(String result) throws WrongResultException {
      if (result.equals(exact)) {
        return;
      }
      String[] found = result.split(", ");
      String[] right = exact.split(", ");
      for (int i = 0; i < Math.min(found.length, right.length); i++) {
        WrongResultException.unless(
            found[i].equals(right[i]),
            "station " + i + " is " + found[i] + ", with exact decimals " + right[i]);
      }
      throw new WrongResultException(
          found.length + " stations, with exact decimals " + right.length);
    }

    @Override
    public Optional<Step<String>> expert() {
      return Optional.of(byHand("threads by hand", StationTable::read));
    }

    @Override
    public List<Step<String>> steps() {
      return List.of(
          new Step<>("1. reader, lines, a map", () -> Readers.plain(file)),
          new Step<>(
              "2. mapped, in sequence",
              () -> Station.text(HandWritten.loop(chunks, Readers::mapped))),
          byHand("3. mapped, threads", Readers::mapped));
    }

    private Step<String> byHand(
        String name, TaskFunction<Readers.Chunk, Map<String, Station>> read) {
      int threads = Runtime.getRuntime().availableProcessors();
      return new Step<>(name, () -> Station.text(HandWritten.threads(chunks, read, threads)));
    }

    @Override
    public String why(Comparison comparison) {
      return comparison.isBest(ExecutionModel.PLATFORM_THREADS)
              || comparison.isBest(ExecutionModel.VIRTUAL_THREADS)
          ? "Threads share the mapped file and have warm code; a worker JVM would have to map it"
              + " too, and send its table back."
          : "Threads were expected to be best or tied, and were not: "
              + comparison.fastest().name()
              + " was.";
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      double bytes;
      try {
        bytes = Files.size(file);
      } catch (IOException e) {
        throw new UncheckedIOException("the size of " + file + " is not known", e);
      }
      double fastest = comparison.fastest().interval().median();
      double plain = comparison.steps().getFirst().interval().median();
      return List.of(
          Words.format(
              "%,d rows, %.0f MB, in the page cache: %.1f million rows/s and %.2f GB/s by %s,"
                  + " %.0f times as fast as the first version.",
              rows,
              bytes / 1e6,
              rows / fastest / 1e6,
              bytes / fastest / 1e9,
              comparison.fastest().name(),
              plain / fastest),
          "Sequential and every model run the same reader: eight bytes at a time, own table. Steps"
              + " 1 to 3 are how one comes to it.");
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(PythonProgram.of("large_files.py", file, 500_000));
    }
  }
}
