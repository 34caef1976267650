package io.github.fornada.cli;

import picocli.CommandLine.Command;

/** The part of each help text that names the exit codes. */
@Command(
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all done",
      "1:some items failed, or results could not be written",
      "2:wrong usage, or the task does not compile",
      "130:interrupted; results so far are on stdout, a file of -o is as it was",
      "141:the reader of the output went away, as in | head",
    })
final class ExitCodesHelp {}
