package io.github.fornada.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code fornada} command line. */
@Command(
    name = "fornada",
    description =
        "Runs a plain Java function over many inputs, in sequence, on virtual threads, on platform"
            + " threads or in worker JVMs, and measures each.",
    versionProvider = FornadaCommand.Version.class,
    footerHeading = "%nExamples:%n",
    footer = {
      "  fornada compare examples/Bolo.java chocolate cenoura",
      "  fornada advise examples/Primes.java 2000000 3000000",
      "  fornada run examples/WordCount.java docs/*.md",
      "  fornada help run",
    })
final class FornadaCommand implements Callable<Integer> {
  @Mixin
  @SuppressWarnings({"NullAway.Init", "unused"}) // filled by picocli, which reads its annotations
  private ExitCodesHelp exitCodes;

  static int execute(String... args) {
    StandardStreams streams = StandardStreams.get();
    CommandLine command = new CommandLine(new FornadaCommand());
    commands(args).forEach(command::addSubcommand); // before what is set for all of them
    var text = new CheckedText(streams.out());
    command.setOut(new PrintWriter(text, true, streams.outCharset()));
    command.setErr(new PrintWriter(streams.err(), true, streams.err().charset()));
    command.setColorScheme(
        CommandLine.Help.defaultColorScheme(
            Terminal.showsColours() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
    command.registerConverter(Path.class, FornadaCommand::path);
    command.registerConverter(Integer.class, FornadaCommand::number);
    command.registerConverter(int.class, FornadaCommand::number);
    command.setExpandAtFiles(false); // because an input may begin with @
    command.setCaseInsensitiveEnumValuesAllowed(true);
    command.setUsageHelpAutoWidth(false);
    for (CommandLine each : command.getSubcommands().values()) {
      if (!(each.getCommand() instanceof CommandLine.HelpCommand)) { // which has such an option
        each.getCommandSpec().mixinStandardHelpOptions(true);
        each.getCommandSpec().versionProvider(new Version());
      }
      each.setExpandAtFiles(false);
    }
    command.getCommandSpec().mixinStandardHelpOptions(true);
    command.setExitCodeExceptionMapper(
        e -> e instanceof Fault fault ? fault.exitCode() : ExitCode.FAILED);
    command.setParameterExceptionHandler(FornadaCommand::refuse);
    command.setExecutionExceptionHandler((e, failed, parsed) -> {
      if (e instanceof Fault fault) {
        streams.err().println(prefixed(fault.text()));
        return fault.exitCode();
      }
      if (Interruption.requestedWherePoolsEnd()) {
        // Interrupted while something was being opened or closed.
        streams.err().println("fornada: interrupted");
        return ExitCode.INTERRUPTED;
      }
      throw e;
    });
    int code = execute(command, args);
    command.getOut().flush();
    return text.exitCode(code); // help and the like print there, and look at no failure
  }

  /** Returns the commands of a command that its help shows, each once, whatever names it has. */
  static List<CommandLine> visibleCommands(CommandLine command) {
    return command.getSubcommands().values().stream()
        .distinct()
        .filter(each -> !each.getCommandSpec().usageMessage().hidden())
        .toList();
  }

  /**
   * Returns the commands that are needed for a command line. Those that run a task need no other,
   * and it takes a while to read what a command's options are.
   */
  private static List<Object> commands(String[] args) {
    return switch (args.length == 0 ? "" : args[0]) {
      case "run" -> List.of(new RunCommand());
      case "compare" -> List.of(new CompareCommand());
      case "advise" ->
          ReplayCommand.isMeant(args)
              ? List.of(new AdviseCommand(), new ReplayCommand())
              : List.of(new AdviseCommand());
      default ->
          List.of(
              new RunCommand(),
              new CompareCommand(),
              new AdviseCommand(),
              new ClusterCommand(),
              new ScenariosCommand(),
              new CommandLine.HelpCommand(),
              new CompletionCommand(),
              new ManCommand());
    };
  }

  private static int execute(CommandLine command, String[] args) {
    return switch (args.length == 0 ? "" : args[0]) {
      case "run" -> run(command, args);
      case "compare", "advise" -> figures(command, args);
      default -> command.execute(args);
    };
  }

  /** Runs {@code run}, with what it has that the grammar does not express. */
  private static int run(CommandLine command, String[] args) {
    RunCommand run = Objects.requireNonNull(command.getSubcommands().get("run")).getCommand();
    String[] own = withFigures(args, run);
    List<String> arguments = List.of(own).subList(1, own.length);
    List<List<String>> stages = StageArguments.split(arguments);
    if (stages.size() > 1) {
      run.follows(stages.subList(0, stages.size() - 1));
      var last = new ArrayList<>(List.of("run"));
      last.addAll(stages.getLast());
      own = last.toArray(String[]::new);
    }
    run.hasClassAfterThen(StageArguments.classAfterThen(stages.getLast()));
    return command.execute(own);
  }

  /** Runs a command that measures one function. */
  private static int figures(CommandLine command, String[] args) {
    List<List<String>> stages = StageArguments.split(List.of(args).subList(1, args.length));
    if (stages.size() > 1) {
      StandardStreams.get()
          .err()
          .println(
              "fornada: "
                  + args[0]
                  + " takes one function, and \"then\" joins several. Give it one of them, or run"
                  + " the pipeline, which says at its end which stage holds the others up:\n"
                  + "  fornada run "
                  + stages.stream()
                      .map(StageArguments::task)
                      .collect(Collectors.joining(" " + StageArguments.THEN + " "))
                  + " INPUT...");
      return ExitCode.USAGE;
    }
    if (!args[0].equals("advise") || !ReplayCommand.isMeant(args)) {
      return command.execute(args);
    }
    String[] own = args.clone();
    own[0] = ReplayCommand.NAME;
    return command.execute(own);
  }

  /**
   * Completes {@code --figures} that stands without its value: what follows is an input, even if it
   * could be a value; then the command says so.
   */
  private static String[] withFigures(String[] args, RunCommand run) {
    String[] all = args.clone();
    for (int i = 1; i < all.length && !all[i].equals("--"); i++) {
      if (all[i].equals(RunCommand.FIGURES)) {
        all[i] += "=" + CommonOptions.Format.table;
        String next = i + 1 < all.length ? all[i + 1] : "";
        if (CommonOptions.FiguresForms.WORDS.contains(next)) {
          run.standsAfterFigures(next);
        }
      }
    }
    return all;
  }

  private static Path path(String text) {
    try {
      Path path = Path.of(text);
      if (text.endsWith("/") && !Files.isDirectory(path)) { // a path does not keep the last slash
        throw new TypeConversionException("\"" + text + "\" is no folder");
      }
      return path;
    } catch (InvalidPathException e) {
      throw new TypeConversionException(
          ArgumentText.isIntact(text)
              ? "\"" + text + "\" is no path: " + e.getReason()
              : "\"" + text + "\" " + ArgumentText.reason());
    }
  }

  static Integer number(String text) {
    try {
      return Integer.valueOf(text.strip());
    } catch (NumberFormatException e) {
      throw new TypeConversionException(
          "it must be a whole number of at most " + Integer.MAX_VALUE + ", got \"" + text + "\"");
    }
  }

  /** Adds the prefix to a message, but leaves the compiler's messages as javac prints them. */
  private static String prefixed(String text) {
    return text.contains(": error: ") || text.startsWith("error: ") ? text : "fornada: " + text;
  }

  private static int refuse(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintStream err = StandardStreams.get().err();
    String ofReplay = command.getCommand() instanceof ReplayCommand ? refusedReplay(e) : null;
    err.println("fornada: " + (ofReplay == null ? message(e) : ofReplay));
    if (ofReplay == null
        && e instanceof UnmatchedArgumentException unmatched
        && !unmatched.getUnmatched().isEmpty()) {
      suggest(command, unmatched.getUnmatched().getFirst(), err);
    }
    String name = command.getCommandSpec().qualifiedName();
    // advise --replay is a command of its own only here.
    err.println("Try: " + name.replaceFirst(" " + ReplayCommand.NAME + "$", " advise") + " --help");
    return ExitCode.USAGE;
  }

  /** Returns the message, which of a form names those of this command. */
  private static String message(ParameterException e) {
    if (e.getArgSpec() instanceof OptionSpec option
        && option.longestName().equals("--format")
        && e.getValue() != null) {
      return (e.getCommandLine().getCommandName().equals("run")
              ? "--format is text or jsonl"
              : "--format is table or json")
          + ", got \""
          + e.getValue()
          + "\"";
    }
    return String.valueOf(e.getMessage());
  }

  private static @Nullable String refusedReplay(ParameterException e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)
        || unmatched.getUnmatched().isEmpty()) {
      return null;
    }
    var advise = new CommandLine(new AdviseCommand());
    advise.getCommandSpec().mixinStandardHelpOptions(true);
    return ReplayCommand.refusal(
        unmatched.getUnmatched().getFirst(), advise.getCommandSpec().optionsMap().keySet());
  }

  private static void suggest(CommandLine command, String typed, PrintStream err) {
    var known = new ArrayList<>(command.getSubcommands().keySet());
    known.addAll(command.getCommandSpec().optionsMap().keySet());
    String word = typed.replaceFirst("=.*", "");
    if (word.equals(RunCommand.FIGURES) || word.equals("--json")) {
      err.println(
          command.getCommandName().equals("run")
              ? "The figures of run as JSON: --figures=json"
              : "This command writes figures only; their form: --format table or json");
      return;
    }
    Suggestion.of(word, known).ifPresent(meant -> err.println("Did you mean " + meant + "?"));
    if (word.startsWith("-")) {
      err.println("An input that begins with - goes after a lone --");
    }
  }

  @Override
  public Integer call() {
    throw Fault.usage("say what to do: run, compare or advise\nTry: fornada help");
  }

  /** Provides the version of the jar, or of the build. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return Main.version();
    }
  }
}
