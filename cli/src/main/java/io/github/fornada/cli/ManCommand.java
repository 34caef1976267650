package io.github.fornada.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fornada man}: prints the manual page of the command, or of one of its commands. */
@Command(
    name = "man",
    description = "Prints the manual page, in the form that man reads.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  fornada man run | man -l -",
      "  fornada man > /usr/local/share/man/man1/fornada.1",
    })
final class ManCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "COMMAND",
      description = "The command to describe, such as run. Default: the whole.")
  private @Nullable String command;

  @Override
  public Integer call() {
    CommandLine root = spec.root().commandLine();
    CommandLine described = command == null ? root : root.getSubcommands().get(command);
    if (described == null) {
      throw Fault.usage(
          "there is no command \""
              + command
              + "\": it is one of "
              + String.join(", ", root.getSubcommands().keySet()));
    }
    root.getOut().print(ManPage.of(described));
    root.getOut().flush();
    return ExitCode.OK;
  }
}
