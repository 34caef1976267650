package io.github.fornada.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code fornada completion}: prints what a shell needs to complete the command's options. */
@Command(
    name = "completion",
    description =
        "Prints a script for bash or zsh that completes commands, options, their values, and names"
            + " of files.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  source <(fornada completion)                       # for this shell",
      "  fornada completion > ~/.local/share/bash-completion/completions/fornada",
    })
final class CompletionCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private CommandSpec spec;

  @Override
  public Integer call() {
    CommandLine root = spec.root().commandLine();
    root.getOut().print(CompletionScript.of(root));
    root.getOut().flush();
    return ExitCode.OK;
  }
}
