package io.github.fornada.scenarios.images;

import io.github.fornada.Completion;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.MapTrial;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.harness.WrongResultException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/** The row {@code image-processing}. */
public final class ImagesScenario implements Scenario {
  @Override
  public String name() {
    return "image-processing";
  }

  @Override
  public String about() {
    return "pictures: decode, resize, sharpen, encode as JPEG and PNG; and a hostile set";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) throws Exception {
    List<String> files =
        Pictures.write(
            setup.folder(), setup.size().of(8, 60, 300), setup.size().of(800, 1_600, 2_400));
    return List.of(new Clean(files));
  }

  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    Path folder = Files.createDirectory(setup.folder().resolve("hostile"));
    List<String> clean = Pictures.write(folder, 6, 640);
    List<String> hostile = Pictures.writeHostile(folder, clean.getFirst());
    return List.of(hostile(clean, hostile));
  }

  /**
   * Runs clean and hostile files together in processes.
   *
   * @throws WrongResultException if a hostile one is done, or a clean one is not or is wrong
   */
  static Finding hostile(List<String> clean, List<String> hostile) throws Exception {
    var expected = new TreeMap<String, Shrink.Small>();
    for (String file : clean) {
      expected.put(file, Shrink.file(file));
    }
    var mixed = new ArrayList<>(clean);
    for (int i = 0; i < hostile.size(); i++) {
      mixed.add(2 * i + 1, hostile.get(i));
    }
    var outcomes = new TreeMap<String, Outcome<Shrink.Small>>();
    // A heap that pictures fit in; what promises more fails in its worker.
    try (Pool pool = ProcessPool.open(o -> o.withWorkers(2).withHeap("256m"));
        Stream<Completion<String, Shrink.Small>> all = pool.completions(mixed, Shrink::file)) {
      all.forEach(one -> outcomes.put(one.item(), one.outcome()));
    }
    var lines = new ArrayList<String>();
    int right = 0;
    for (Map.Entry<String, Outcome<Shrink.Small>> one : outcomes.entrySet()) {
      String name = String.valueOf(Path.of(one.getKey()).getFileName());
      Shrink.Small wanted = expected.get(one.getKey());
      if (wanted != null) {
        WrongResultException.unless(
            one.getValue().isDone() && one.getValue().get().equals(wanted),
            name + ", which is clean, is " + one.getValue());
        right++;
      } else {
        WrongResultException.unless(
            !one.getValue().isDone(), name + ", which is hostile, is " + one.getValue());
        lines.add(Words.format("%-20s %s", name, shortly(one.getValue())));
      }
    }
    WrongResultException.unless(
        right == clean.size() && outcomes.size() == mixed.size(), "a file has no outcome");
    lines.add(right + " clean files among them are done, and right.");
    return new Finding("Hostile files, in processes: only they are lost", lines);
  }

  private static String shortly(Outcome<Shrink.Small> outcome) {
    String text =
        switch (outcome) {
          case Outcome.Done<Shrink.Small> done -> "done";
          case Outcome.Failed<Shrink.Small> failed ->
              "failed: "
                  + (failed.cause().getMessage() == null
                      ? failed.cause().toString()
                      : failed.cause().getMessage());
          case Outcome.TimedOut<Shrink.Small> late -> "timed out";
          case Outcome.WorkerLost<Shrink.Small> lost ->
              "worker lost: " + lost.certificate().manner();
          case Outcome.Cancelled<Shrink.Small> cancelled -> "cancelled";
        };
    String line = text.replaceAll("\\s+", " ");
    return line.length() <= 54 ? line : line.substring(0, 51) + "...";
  }

  /** Files without harm. */
  static final class Clean extends MapTrial<String, Shrink.Small> {
    Clean(List<String> files) {
      super("", files, Shrink::file);
    }

    @Override
    public String guidePick() {
      return "multiprocessing";
    }

    @Override
    public String why(Comparison comparison) {
      return comparison.isBest(ExecutionModel.PLATFORM_THREADS)
              || comparison.isBest(ExecutionModel.VIRTUAL_THREADS)
          ? "The JDK's codecs hold no lock for all (threads "
              + Words.times(comparison.gain(ExecutionModel.PLATFORM_THREADS))
              + "); processes are for files that nobody vouches for."
          : "Threads were expected to be best or tied, and were not: "
              + comparison.fastest().name()
              + " was.";
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(new PythonProgram("images.py", items()));
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      return List.of(
          items().size()
              + " pictures; JPEG is read by "
              + reader("jpeg")
              + ", PNG by "
              + reader("png")
              + ".");
    }

    private static String reader(String format) {
      ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
      try {
        return String.valueOf(reader.getOriginatingProvider().getVendorName());
      } finally {
        reader.dispose();
      }
    }
  }
}
