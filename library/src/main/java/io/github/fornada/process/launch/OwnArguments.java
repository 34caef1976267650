package io.github.fornada.process.launch;

import io.github.fornada.process.host.HandshakeServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of this JVM, without its class path, its main class and what follows that. From its
 * command line where that says all; else from the JDK's management bean, whose first use takes 17
 * ms of processor time, before the first worker of a program can be started.
 */
final class OwnArguments {
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  /** Options that the java launcher passes on as they are; the first part of each. */
  private static final List<String> PASSED_ON =
      List.of(
          "-D",
          "-X",
          "-ea",
          "-enableassertions",
          "-da",
          "-disableassertions",
          "-esa",
          "-enablesystemassertions",
          "-dsa",
          "-disablesystemassertions",
          "-agentlib:",
          "-agentpath:",
          "-javaagent:",
          "--enable-preview");

  /** Options whose value is the next argument, and which the bean does not show. */
  private static final List<String> CLASS_PATH = List.of("-cp", "-classpath", "--class-path");

  /** Options that the bean does not show. */
  private static final List<String> NOT_SHOWN =
      List.of("--class-path=", "-Djava.class.path", "-Dsun.java.command", "-Dsun.java.launcher");

  static final List<String> ALL = find();

  private OwnArguments() {}

  private static List<String> find() {
    List<String> told = null;
    // Further options come from these.
    if (!hasOptionVariables()) {
      try {
        byte[] line = Files.readAllBytes(COMMAND_LINE);
        told = parse(List.of(new String(line, HandshakeServer.PLATFORM_CHARSET).split("\0", -1)));
      } catch (IOException e) {
        // Another system than Linux: the bean knows.
      }
    }
    return told == null ? ManagementFactory.getRuntimeMXBean().getInputArguments() : told;
  }

  private static boolean hasOptionVariables() {
    for (String name : Launcher.OPTION_VARIABLES) {
      if (System.getenv(name) != null) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns what the bean would show; null if that cannot be told from the command line, because it
   * was not given to the java launcher, or in a form that the launcher changes.
   *
   * @param words the command line, beginning with the program
   */
  static @Nullable List<String> parse(List<String> words) {
    String program = words.getFirst();
    if (!program.equals("java") && !program.endsWith("/java")) {
      return null;
    }
    var found = new ArrayList<String>();
    for (int i = 1; i < words.size(); i++) {
      String word = words.get(i);
      if (CLASS_PATH.contains(word)) {
        i++;
      } else if (word.equals("-jar")) {
        return found;
      } else if (!word.startsWith("-")) {
        // Not the main class: a file with arguments, or a source file, for which there are more.
        boolean isFile = word.isEmpty() || word.startsWith("@") || word.endsWith(".java");
        return isFile ? null : found;
      } else if (!isPassedOn(word)) {
        return null;
      } else if (!startsWithAny(word, NOT_SHOWN)) {
        found.add(word);
      }
    }
    return null;
  }

  private static boolean isPassedOn(String word) {
    // An option of two words becomes one; a file of options is replaced by what it says.
    return (startsWithAny(word, PASSED_ON) || (word.startsWith("--") && word.indexOf('=') > 0))
        && !word.contains("VMOptionsFile");
  }

  private static boolean startsWithAny(String word, List<String> beginnings) {
    for (String beginning : beginnings) {
      if (word.startsWith(beginning)) {
        return true;
      }
    }
    return false;
  }
}
