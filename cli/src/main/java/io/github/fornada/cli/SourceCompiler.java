package io.github.fornada.cli;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** Compiles one source file in memory, with the javac of the JDK that runs this command. */
final class SourceCompiler {
  private SourceCompiler() {}

  /**
   * Returns the classes of the file, by binary name, in the order in which javac wrote them.
   *
   * @throws Fault with javac's own messages if the file does not compile
   */
  static Map<String, byte[]> compile(Path source, List<String> classPath) {
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    if (javac == null) {
      throw Fault.usage(
          "this Java has no compiler: "
              + System.getProperty("java.home")
              + " is a runtime without javac. Use a JDK (set JAVA_HOME to one), or give a compiled"
              + " class: com.acme.Type#method with -cp");
    }
    var messages = new StringWriter();
    try (StandardJavaFileManager files =
            javac.getStandardFileManager(null, null, StandardCharsets.UTF_8);
        var memory = new Memory(files)) {
      JavaFileObject file = new AnyName(files.getJavaFileObjects(source).iterator().next());
      // An empty class path, not none: without the option javac would search $CLASSPATH and ".".
      List<String> options =
          List.of(
              "-proc:none",
              "-parameters",
              "-g",
              "-encoding",
              "UTF-8",
              "-cp",
              String.join(File.pathSeparator, classPath));
      if (javac.getTask(messages, memory, null, options, null, List.of(file)).call()) {
        return memory.classes();
      }
    } catch (IOException e) {
      throw Fault.usage("cannot read " + source + ": " + e.getMessage());
    }
    throw Fault.usage(messages.toString().stripTrailing());
  }

  /** A file that may contain a public class of any name, as with {@code java File.java}. */
  private static final class AnyName extends ForwardingJavaFileObject<JavaFileObject> {
    AnyName(JavaFileObject file) {
      super(file);
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
