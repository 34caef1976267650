package io.github.fornada.cli;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * What bash and zsh need to complete the command: its commands and options, the values of options,
 * and the names of files where a file is meant, which most words of this command are.
 */
final class CompletionScript {
  /** What is the same for every command. */
  private static final String COMMON =
      """
      # Completes the words of fornada in bash and zsh. Written by: fornada completion

      if [ -n "${ZSH_VERSION-}" ]; then
        autoload -U +X bashcompinit && bashcompinit
      fi

      # Adds what compgen finds for the current word.
      _fornada_add() {
        local found
        while IFS= read -r found; do
          COMPREPLY+=("$prefix$found")
        done < <(compgen "$@" -- "$cur" 2>/dev/null)
      }

      # Words; after a comma in a list, those that may follow it.
      _fornada_words() { _fornada_add -W "$1"; }
      _fornada_list() {
        case "$cur" in
          *,*) prefix="$prefix${cur%,*}," cur="${cur##*,}" ;;
        esac
        _fornada_add -W "$1"
      }

      # A list of word=number: a word, which a number follows and no space; nothing for the number.
      _fornada_pairs() {
        case "$cur" in
          *,*) prefix="$prefix${cur%,*}," cur="${cur##*,}" number="" ;;
        esac
        case "$number$cur" in
          *=*) ;;
          *)
            type compopt >/dev/null 2>&1 && compopt -o nospace 2>/dev/null
            _fornada_add -W "$1"
            ;;
        esac
      }

      # Files (-f) or folders (-d).
      _fornada_files() {
        type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
        _fornada_add "$1"
      }

      # Source files and the folders on the way to them; any file if there are none.
      _fornada_task() {
        type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
        _fornada_add -f -X '!*.java'
        _fornada_add -d
        [ "${#COMPREPLY[@]}" -gt 0 ] || _fornada_add -f
      }

      """;

  private static final String ENTRY =
      """
      _complete_fornada() {
        local cur prev prefix="" i=0 at word task="" rest="" number=""
        COMPREPLY=()
        cur="${COMP_WORDS[COMP_CWORD]}"
        prev="${COMP_WORDS[COMP_CWORD - 1]}"
        # --option=value: three words in bash, one elsewhere.
        if [ "$cur" = "=" ]; then
          cur="" i=$((COMP_CWORD - 1))
        elif [ "$prev" = "=" ] && [ "$COMP_CWORD" -gt 2 ]; then
          i=$((COMP_CWORD - 2))
          prev="${COMP_WORDS[i]}"
        else
          case "$cur" in
            --*=*) prev="${cur%%=*}" prefix="${cur%%=*}=" cur="${cur#*=}" ;;
          esac
        fi
        # So are a word and its number, as in --workers processes=2,virtual=50.
        at="$i"
        while [ "$at" -gt 2 ] && [ "${COMP_WORDS[at - 1]}" = "=" ]; do at=$((at - 2)); done
        if [ "$at" -gt 1 ]; then
          case "${COMP_WORDS[at]}" in
            @PAIRS@)
              prev="${COMP_WORDS[at]}"
              [ "$at" -eq "$i" ] || number="="
              ;;
            *)
              case "${COMP_WORDS[at - 1]}" in
                @PAIRS@) prev="${COMP_WORDS[at - 1]}" number="=" ;;
              esac
              ;;
          esac
        fi
        if [ "$COMP_CWORD" -eq 1 ]; then
          _fornada_words "@FIRST@"
          return
        fi
        case "${COMP_WORDS[1]}" in
      @CASES@  esac
      }

      complete -F _complete_fornada fornada
      """;

  private final String name;
  private final CommandLine root;

  private CompletionScript(CommandLine root) {
    this.root = root;
    this.name = root.getCommandName();
  }

  /** Returns the script for a command with its commands. */
  static String of(CommandLine root) {
    return new CompletionScript(root).text();
  }

  private String text() {
    var script = new StringBuilder(COMMON);
    var cases = new StringBuilder();
    for (CommandLine each : commands()) {
      script.append(function(each.getCommandSpec())).append('\n');
      cases.append(
          "    %s) _%s_of_%s ;;%n"
              .formatted(
                  String.join(" | ", each.getCommandSpec().names()), name, each.getCommandName()));
    }
    String first = String.join(" ", names()) + " " + options(root.getCommandSpec());
    String pairs =
        commands().stream()
            .flatMap(each -> visible(each.getCommandSpec()).stream())
            .filter(CompletionScript::takesPairs)
            .flatMap(option -> Stream.of(option.names()))
            .distinct()
            .collect(Collectors.joining(" | "));
    return script
        .append(ENTRY.replace("@FIRST@", first).replace("@CASES@", cases).replace("@PAIRS@", pairs))
        .toString();
  }

  private List<CommandLine> commands() {
    return FornadaCommand.visibleCommands(root);
  }

  private List<String> names() {
    return commands().stream().flatMap(each -> each.getCommandSpec().names().stream()).toList();
  }

  private static List<OptionSpec> visible(CommandSpec command) {
    return command.options().stream().filter(option -> !option.hidden()).toList();
  }

  private static String options(CommandSpec command) {
    return visible(command).stream()
        .flatMap(option -> List.of(option.names()).stream())
        .collect(Collectors.joining(" "));
  }

  private static String names(OptionSpec option) {
    return String.join(" | ", option.names());
  }

  /** Returns a function that completes a word of one command. */
  private String function(CommandSpec command) {
    var text = new StringBuilder("_%s_of_%s() {%n".formatted(name, command.name()));
    List<OptionSpec> valued =
        visible(command).stream()
            .filter(option -> option.arity().max() > 0 && !mayStandAlone(option))
            .toList();
    text.append(
        """
          for ((i = 2; i < COMP_CWORD; i++)); do
            word="${COMP_WORDS[i]}"
            case "$word" in
              --) rest=yes ;;
        """);
    if (!valued.isEmpty()) {
      text.append(
          """
                %s)
                  i=$((i + 1))
                  [ "${COMP_WORDS[i]}" != "=" ] || i=$((i + 1))
                  while [ "${COMP_WORDS[i + 1]}" = "=" ]; do i=$((i + 2)); done
                  ;;
          """
              .formatted(
                  valued.stream().map(CompletionScript::names).collect(Collectors.joining(" | "))));
    }
    text.append(
        """
              -* | =) ;;
              %s) task="" ;;
              *) task=yes ;;
            esac
          done
          if [ -z "$rest" ]; then
            case "$prev" in
        """
            .formatted(StageArguments.THEN));
    for (OptionSpec option : visible(command)) {
      if (option.arity().max() > 0) {
        text.append("      %s)%s return ;;%n".formatted(names(option), values(command, option)));
      }
    }
    text.append(
        """
            esac
            case "$cur" in
              -*)
                _%s_words "%s"
                return
                ;;
            esac
          fi
        """
            .formatted(name, options(command)));
    return text.append(inputs(command)).append("}\n").toString();
  }

  /** Returns whether an option may stand without its value, so that an input may follow it. */
  private static boolean mayStandAlone(OptionSpec option) {
    return List.of(option.names()).contains(RunCommand.FIGURES);
  }

  /** Returns whether the words of an option's value are followed by a number each. */
  private static boolean takesPairs(OptionSpec option) {
    Iterable<String> candidates = option.completionCandidates();
    return candidates != null
        && StreamSupport.stream(candidates.spliterator(), false)
            .anyMatch(word -> word.endsWith("="));
  }

  /** Returns what completes the value of an option. */
  private String values(CommandSpec command, OptionSpec option) {
    String label = option.paramLabel();
    if (List.of(option.names()).contains("--format")) {
      String forms = command.name().equals("run") ? "text jsonl" : "table json";
      return " _%s_words \"%s\";".formatted(name, forms);
    }
    if (mayStandAlone(option)) { // its value stands after a = only
      return " [ \"$prefix\" = \"--figures=\" ] || [ \"${COMP_WORDS[COMP_CWORD - 1]}\" = \"=\" ] ||"
          + " [ \"${COMP_WORDS[COMP_CWORD]}\" = \"=\" ] || { _%1$s_files -f; return; };"
              .formatted(name)
          + " _%s_words \"%s\";"
              .formatted(name, String.join(" ", CommonOptions.FiguresForms.WORDS));
    }
    Iterable<String> candidates = option.completionCandidates();
    if (candidates != null) {
      String kind = takesPairs(option) ? "pairs" : option.splitRegex().isEmpty() ? "words" : "list";
      return " _%s_%s \"%s\";"
          .formatted(
              name,
              kind,
              StreamSupport.stream(candidates.spliterator(), false)
                  .collect(Collectors.joining(" ")));
    }
    if (label.equals("DIR")) {
      return " _%s_files -d;".formatted(name);
    }
    return label.startsWith("FILE") || label.equals("PATH") ? " _%s_files -f;".formatted(name) : "";
  }

  /** Returns what completes a word that is no option. */
  private String inputs(CommandSpec command) {
    List<String> labels =
        command.positionalParameters().stream().map(PositionalParamSpec::paramLabel).toList();
    if (labels.contains("TASK")) {
      String more =
          command.name().equals("run")
              ? "    [ -n \"$rest\" ] || [ -z \"$cur\" ] || _%s_words %s%n"
                  .formatted(name, StageArguments.THEN)
              : "";
      return """
        if [ -z "$task" ]; then
          _%1$s_task
        else
          _%1$s_files -f
      %2$s  fi
      """
          .formatted(name, more);
    }
    return labels.stream().anyMatch(label -> label.endsWith("COMMAND"))
        ? "  [ -n \"$task\" ] || _%s_words \"%s\"%n".formatted(name, String.join(" ", names()))
        : "";
  }
}
