package io.github.fornada.cli;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import com.sun.source.util.Trees;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** Compiles one source file in memory, with the javac of the JDK that runs this command. */
final class SourceCompiler {
  private static final Pattern NO_MAIN = Pattern.compile("error: .*does not have main method");
  private static final String MAIN = "\nvoid main() {}\n";
  private static final Pattern NO_PACKAGE = Pattern.compile("error: package \\S+ does not exist");
  private static final String WHERE_LIBRARIES_ARE =
      "fornada: a package that does not exist is in a library: name its jar, as in -cp lib.jar or"
          + " -cp 'lib/*'";

  /** What javac advises; it has no command line here. */
  private static final Pattern PREVIEW = Pattern.compile("\\(use --enable-preview to enable ");

  static final String WITH_PREVIEW = "JDK_JAVA_OPTIONS=--enable-preview fornada ...";

  /** Some editors begin a file of UTF-8 with it; it is no part of the text. */
  private static final char BYTE_ORDER_MARK = '\ufeff';

  private static final List<String> PREVIEW_OPTIONS =
      List.of("--enable-preview", "-source", String.valueOf(Runtime.version().feature()));

  private SourceCompiler() {}

  /**
   * What a source file was compiled to.
   *
   * @param classes the classes by binary name, in the order in which javac wrote them
   * @param compact the name of the class that was declared implicitly, by a compact source file,
   *     which has methods and no class around them; null if there is none
   */
  record Compiled(Map<String, byte[]> classes, @Nullable String compact) {}

  /**
   * Compiles a file.
   *
   * @throws Fault with javac's own messages if the file does not compile
   */
  static Compiled compile(Path source, List<String> classPath) {
    if (source.endsWith("module-info.java")) {
      throw Fault.usage(
          source + " declares a module and has no function: give the source file of a class");
    }
    requireUtf8(source);
    var messages = new StringWriter();
    Compiled compiled = compile(source, classPath, List.of(), messages);
    boolean preview = compiled == null && PREVIEW.matcher(messages.toString()).find();
    if (preview && isPreviewEnabled()) {
      preview = false;
      messages = new StringWriter();
      compiled = compile(source, classPath, PREVIEW_OPTIONS, messages);
    }
    if (compiled == null) {
      String text = messages.toString().stripTrailing();
      if (preview) {
        text += "\nfornada: for preview features, start the command with them: " + WITH_PREVIEW;
      }
      if (NO_PACKAGE.matcher(text).find()) {
        String jars = ClassPathJars.unnamed(classPath);
        text += "\n" + (jars.isEmpty() ? WHERE_LIBRARIES_ARE : "fornada: " + jars);
      }
      throw Fault.usage(text);
    }
    return compiled;
  }

  /** Returns whether this JVM runs classes that use preview features. */
  private static boolean isPreviewEnabled() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().contains("--enable-preview");
  }

  /** Compiles a file, with a method that starts it if it is a compact one that has none. */
  private static @Nullable Compiled compile(
      Path source, List<String> classPath, List<String> more, StringWriter messages) {
    var first = new StringWriter();
    Compiled compiled = compile(source, classPath, more, "", first);
    if (compiled == null && NO_MAIN.matcher(first.toString()).find()) {
      // A compact source file must have one to be started by java; a task is not started.
      return compile(source, classPath, more, MAIN, messages);
    }
    messages.append(first.getBuffer());
    return compiled;
  }

  /**
   * Checks that a file is UTF-8: javac prints an error for what is not, and compiles it
   * nevertheless, with other text in its strings.
   */
  private static void requireUtf8(Path source) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(source);
    } catch (IOException e) {
      throw Fault.usage("cannot read " + Inputs.reason(source, e));
    }
    if (isUtf16(bytes)) {
      throw Fault.usage(LineReader.utf16(source.toString(), source.toString()));
    }
    ByteBuffer text = ByteBuffer.wrap(bytes);
    CharBuffer decoded = CharBuffer.allocate(bytes.length);
    if (StandardCharsets.UTF_8.newDecoder().decode(text, decoded, true).isError()) {
      long line = 1;
      for (int i = 0; i < text.position(); i++) {
        line += bytes[i] == '\n' ? 1 : 0;
      }
      throw Fault.usage(
          String.format(
              Locale.ROOT,
              "%s, line %d: the byte 0x%02X is not UTF-8. Convert the file: iconv -f LATIN1 -t"
                  + " UTF-8",
              source,
              line,
              bytes[text.position()] & 0xFF));
    }
  }

  /** Returns whether a source, which begins with letters of Latin, is in units of more bytes. */
  private static boolean isUtf16(byte[] bytes) {
    return bytes.length >= 2 && (LineReader.isMarkedUtf16(bytes) || bytes[0] == 0 || bytes[1] == 0);
  }

  /**
   * Compiles a file; returns null if it does not compile.
   *
   * @param moreOptions for javac
   * @param more what is added to the end of the file
   */
  private static @Nullable Compiled compile(
      Path source,
      List<String> classPath,
      List<String> moreOptions,
      String more,
      StringWriter messages) {
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    if (javac == null) {
      throw Fault.usage(
          "this Java has no compiler: "
              + System.getProperty("java.home")
              + " is a runtime without javac. Use a JDK (set JAVA_HOME to one), or give a compiled"
              + " class: com.acme.Type#method with -cp");
    }
    try (StandardJavaFileManager files =
            javac.getStandardFileManager(null, null, StandardCharsets.UTF_8);
        var memory = new Memory(files)) {
      JavaFileObject file = new AnyName(files.getJavaFileObjects(source).iterator().next(), more);
      // Sources beside the classes would be compiled along, and no output is kept from them.
      files.setLocationFromPaths(StandardLocation.SOURCE_PATH, List.of());
      var options =
          new ArrayList<>(List.of("-proc:none", "-parameters", "-g", "-encoding", "UTF-8"));
      options.addAll(moreOptions);
      if (classPath.isEmpty()) {
        // Without one, and with an empty one, javac would search $CLASSPATH or the current folder.
        files.setLocationFromPaths(StandardLocation.CLASS_PATH, List.of());
      } else {
        options.addAll(List.of("-cp", String.join(File.pathSeparator, classPath)));
      }
      var task = (JavacTask) javac.getTask(messages, memory, null, options, null, List.of(file));
      // In the words that are looked for above, whatever the language of the user. Not in English:
      // with that, a bundle of the default language goes before the one without any.
      task.setLocale(Locale.ROOT);
      var compact = new CompactClass(task);
      task.addTaskListener(compact);
      return task.call() ? new Compiled(memory.classes(), compact.name) : null;
    } catch (IOException e) {
      throw Fault.usage("cannot read " + source + ": " + e.getMessage());
    }
  }

  /** Finds the class that a compact source file declares: it begins where its first member does. */
  private static final class CompactClass implements TaskListener {
    private final JavacTask task;
    private @Nullable String name;

    CompactClass(JavacTask task) {
      this.task = task;
    }

    @Override
    public void finished(TaskEvent event) {
      CompilationUnitTree unit = event.getCompilationUnit();
      if (event.getKind() != TaskEvent.Kind.PARSE || unit == null) {
        return;
      }
      SourcePositions positions = Trees.instance(task).getSourcePositions();
      for (Tree each : unit.getTypeDecls()) {
        if (each instanceof ClassTree type
            && !type.getMembers().isEmpty()
            && positions.getStartPosition(unit, type)
                == positions.getStartPosition(unit, type.getMembers().get(0))) {
          name = type.getSimpleName().toString();
        }
      }
    }
  }

  /** A file that may contain a public class of any name, as with {@code java File.java}. */
  private static final class AnyName extends ForwardingJavaFileObject<JavaFileObject> {
    private final String more;

    AnyName(JavaFileObject file, String more) {
      super(file);
      this.more = more;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) throws IOException {
      CharSequence text = super.getCharContent(ignoreEncodingErrors);
      if (!text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK) { // javac would refuse it
        text = text.subSequence(1, text.length());
      }
      return more.isEmpty() ? text : text + more;
    }

    @Override
    public boolean isNameCompatible(String simpleName, Kind kind) {
      return kind == Kind.SOURCE;
    }
  }

  /** Keeps compiled classes in memory. */
  private static final class Memory extends ForwardingJavaFileManager<JavaFileManager> {
    private final List<ClassBytes> written = new ArrayList<>();

    Memory(JavaFileManager files) {
      super(files);
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String name, JavaFileObject.Kind kind, @Nullable FileObject sibling) {
      var file = new ClassBytes(name);
      written.add(file);
      return file;
    }

    Map<String, byte[]> classes() {
      var classes = new LinkedHashMap<String, byte[]>();
      for (ClassBytes file : written) {
        classes.put(file.binaryName, file.bytes.toByteArray());
      }
      return classes;
    }
  }

  private static final class ClassBytes extends SimpleJavaFileObject {
    private final String binaryName;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    ClassBytes(String binaryName) {
      super(URI.create("memory:///" + binaryName.replace('.', '/') + ".class"), Kind.CLASS);
      this.binaryName = binaryName;
    }

    @Override
    public OutputStream openOutputStream() {
      return bytes;
    }
  }
}
