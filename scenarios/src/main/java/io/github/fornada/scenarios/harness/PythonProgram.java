package io.github.fornada.scenarios.harness;

import java.util.List;

/**
 * A script of {@code scenarios/python}. It prints one line of JSON with the seconds in sequence,
 * the seconds with the guide's pick, and the name of that pick: {@code {"sequential": 1.0, "pick":
 * 0.5, "name": "multiprocessing"}}; and as {@code notes} a list of what else it measured. Where a
 * library is missing, it prints only {@code {"missing": "no Pillow"}}.
 *
 * @param script the file name
 * @param arguments what it is given
 */
public record PythonProgram(String script, List<String> arguments) {
  /** Copies the list. */
  public PythonProgram {
    arguments = List.copyOf(arguments);
  }

  /** Returns a program of this script and these arguments. */
  public static PythonProgram of(String script, Object... arguments) {
    return new PythonProgram(script, List.of(arguments).stream().map(String::valueOf).toList());
  }
}
