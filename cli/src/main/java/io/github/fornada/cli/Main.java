package io.github.fornada.cli;

import java.io.PrintStream;

/** The entry point of the {@code fornada} command. */
public final class Main {
  private Main() {}

  /** Runs the command and ends the JVM with its exit code. */
  public static void main(String[] args) {
    if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
      // Scripts ask for the version, so it is printed without loading the grammar of the whole
      // command.
      System.exit(printVersion());
    }
    var _ = StandardStreams.take();
    if (System.getProperty("java.awt.headless") == null) {
      // so that tasks that work on images need no screen
      System.setProperty("java.awt.headless", "true");
    }
    Interruption.watch();
    Interruption.exit(execute(args));
  }

  private static int execute(String[] args) {
    try {
      return FornadaCommand.execute(args);
    } catch (OutOfMemoryError e) {
      StandardStreams.get().err().println("fornada: " + HeapAdvice.words(e));
      return ExitCode.FAILED;
    } catch (Error e) {
      // Uncaught, it would end the JVM, and that would be taken for an exit by a task.
      StandardStreams.get().err().println("fornada: the command failed; please report this:");
      e.printStackTrace(StandardStreams.get().err());
      return ExitCode.FAILED;
    }
  }

  private static int printVersion() {
    var text = new CheckedText(StandardStreams.stdoutAlone());
    // A print stream swallows errors: the text below has noticed them.
    var printed = new PrintStream(text, true, System.out.charset());
    printed.print(String.join("\n", version()) + "\n");
    printed.flush();
    return text.exitCode(ExitCode.OK);
  }

  /** Returns the version of the jar, or of the build, and that of Java. */
  static String[] version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return new String[] {
      "fornada ".concat(version == null ? "(development build)" : version),
      "Java "
          .concat(System.getProperty("java.runtime.version"))
          .concat(", ")
          .concat(System.getProperty("java.vm.name")),
    };
  }
}
