package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** What stands before a {@code then}: a task, and how that stage runs. */
@Command(name = "fornada run")
final class StageArguments {
  /** Between two stages. */
  static final String THEN = "then";

  private static final Pattern CLASS = Pattern.compile("([a-z_][\\w$]*\\.)+[A-Z][\\w$]*");

  @Parameters(index = "0", paramLabel = "TASK")
  @SuppressWarnings("NullAway.Init") // filled by picocli, for it is required
  String task;

  @Option(names = "--on", defaultValue = "threads", converter = ModelParser.class)
  @SuppressWarnings("NullAway.Init") // filled by picocli
  ExecutionModel on;

  @Option(names = {"-cp", "--class-path"})
  @Nullable String classPath;

  @Option(names = "--workers", split = ",", converter = WorkersParser.class)
  List<Workers> workers = new ArrayList<>();

  @Option(names = "--timeout", converter = DurationParser.class)
  @Nullable Duration timeout;

  @Option(names = "--retries", defaultValue = "0")
  int retries;

  @Option(names = "--back-off", converter = PauseParser.class)
  @Nullable Duration backOff;

  @Option(names = "--heap", converter = HeapParser.class)
  @Nullable String heap;

  /**
   * The stages of a command line, each with its arguments; what is not about a stage stands with
   * the last one. A {@code then} is one only where a task follows it, so that an item may be called
   * that too; after a lone {@code --} there are items only.
   */
  static List<List<String>> split(List<String> arguments) {
    var stages = new ArrayList<List<String>>();
    var current = new ArrayList<String>();
    boolean items = false;
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      items |= argument.equals("--");
      if (!items
          && argument.equals(THEN)
          && !current.isEmpty()
          && i + 1 < arguments.size()
          && isTask(arguments.get(i + 1))) {
        stages.add(List.copyOf(current));
        current.clear();
      } else {
        current.add(argument);
      }
    }
    stages.add(List.copyOf(current));
    return stages;
  }

  /** Returns the task among the arguments of a stage, as it was typed. */
  static String task(List<String> stage) {
    return stage.stream().filter(StageArguments::isTask).findFirst().orElse("TASK");
  }

  private static boolean isTask(String argument) {
    return argument.endsWith(".java") || argument.indexOf('#') > 0;
  }

  /**
   * Returns what follows a {@code then} that is an input, but looks as if it were meant for a task:
   * a class without its method; null if there is none.
   */
  static @Nullable String classAfterThen(List<String> arguments) {
    for (int i = 1; i + 1 < arguments.size() && !arguments.get(i).equals("--"); i++) {
      if (arguments.get(i).equals(THEN) && CLASS.matcher(arguments.get(i + 1)).matches()) {
        return arguments.get(i + 1);
      }
    }
    return null;
  }

  /**
   * Reads the arguments of a stage that another one follows.
   *
   * @throws Fault if they are wrong
   */
  static StageArguments parse(List<String> arguments) {
    var stage = new StageArguments();
    CommandLine line = new CommandLine(stage);
    line.registerConverter(Integer.class, FornadaCommand::number);
    line.registerConverter(int.class, FornadaCommand::number);
    line.setExpandAtFiles(false);
    try {
      line.parseArgs(arguments.toArray(String[]::new));
    } catch (ParameterException e) {
      throw Fault.usage(
          e.getMessage()
              + "\n"
              + "before \"then\" stand a task and --on, --workers, --timeout, --retries,"
              + " --back-off, --heap and -cp of its stage; inputs and all other options go to the"
              + " end");
    }
    return stage;
  }

  PoolSettings pools() {
    ArgumentText.require("TASK", task);
    ArgumentText.require("-cp", classPath);
    return CommonOptions.pools(workers, timeout, retries, backOff, heap).onlyFor(List.of(on));
  }

  @Override
  public String toString() {
    return Arrays.asList(task, on).toString();
  }
}
