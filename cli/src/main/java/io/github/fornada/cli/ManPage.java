package io.github.fornada.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** A manual page, in roff, of what a command says of itself in its help. */
final class ManPage {
  private static final int MOST_COLUMNS = 10_000;

  private final CommandLine command;
  private final CommandSpec spec;
  private final UsageMessageSpec usage;
  private final StringBuilder page = new StringBuilder();

  private ManPage(CommandLine command) {
    this.command = command;
    this.spec = command.getCommandSpec();
    this.usage = spec.usageMessage();
  }

  /** Returns the page of a command. */
  static String of(CommandLine command) {
    return new ManPage(command).text();
  }

  private String text() {
    String name = spec.qualifiedName("-");
    macro(
        "TH \"%s\" 1 \"\" \"%s\" \"Fornada\""
            .formatted(escaped(name.toUpperCase(Locale.ROOT)), escaped(Main.version()[0])));
    section("NAME");
    String what = String.join(" ", usage.description());
    line(
        name
            + " - "
            + what.substring(0, what.indexOf('.') < 0 ? what.length() : what.indexOf('.')));
    section("SYNOPSIS");
    CommandLine.Help help =
        new CommandLine.Help(spec, new CommandLine.Help.ColorScheme.Builder(Ansi.OFF).build());
    int width = usage.width();
    usage.width(MOST_COLUMNS); // man breaks the lines
    line(help.synopsis(0).replaceAll("\\s+", " ").strip());
    usage.width(width);
    section("DESCRIPTION");
    line(what);
    commands();
    arguments();
    exitCodes();
    examples();
    if (spec.parent() != null) {
      section("SEE ALSO");
      line(spec.root().name() + "(1)");
    }
    return page.toString();
  }

  private void commands() {
    List<CommandLine> visible = FornadaCommand.visibleCommands(command);
    if (visible.isEmpty()) {
      return;
    }
    section("COMMANDS");
    for (CommandLine each : visible) {
      item(
          String.join(", ", each.getCommandSpec().names()),
          List.of(each.getCommandSpec().usageMessage().description()));
    }
  }

  private void arguments() {
    section("OPTIONS");
    for (PositionalParamSpec each : spec.positionalParameters()) {
      if (!each.hidden()) {
        item(each.paramLabel(), List.of(each.description()));
      }
    }
    for (OptionSpec each : spec.options()) {
      if (!each.hidden()) {
        item(String.join(", ", each.names()) + value(each), List.of(each.description()));
      }
    }
  }

  private static String value(ArgSpec option) {
    return option.arity().max() == 0 ? "" : " " + option.paramLabel();
  }

  private void exitCodes() {
    if (usage.exitCodeList().isEmpty()) {
      return;
    }
    section("EXIT STATUS");
    for (Map.Entry<String, String> each : usage.exitCodeList().entrySet()) {
      item(each.getKey(), List.of(each.getValue()));
    }
  }

  private void examples() {
    if (usage.footer().length == 0) {
      return;
    }
    section("EXAMPLES");
    macro("nf");
    for (String each : usage.footer()) {
      line(each);
    }
    macro("fi");
  }

  private void section(String title) {
    macro("SH " + title);
  }

  private void item(String term, List<String> description) {
    macro("TP");
    macro("B \"" + escaped(term).replace("\"", "\\(dq") + "\"");
    line(String.join(" ", description));
  }

  private void macro(String text) {
    page.append('.').append(text).append('\n');
  }

  private void line(String text) {
    String plain = text.replace("%n", "\n").replace("%%", "%");
    for (String each : plain.split("\n", -1)) {
      String safe = escaped(each);
      // A line that begins with one of these would be a command of roff.
      page.append(safe.startsWith(".") || safe.startsWith("'") ? "\\&" : "")
          .append(safe)
          .append('\n');
    }
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-");
  }
}
