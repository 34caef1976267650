package io.github.fornada.cli;

import picocli.CommandLine.Command;

/** The part of each help text that names the exit codes. */
@Command(
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all done",
      "1:some items failed, or results could not be written",
      "2:wrong usage, or the task does not compile",
      "130:interrupted; the results so far are written",
      "141:the reader of the output went away, as in | head",
    })
final class ExitCodesHelp {}
