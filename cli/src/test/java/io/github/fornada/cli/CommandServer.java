package io.github.fornada.cli;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Runs commands, one after the other, in a JVM of its own, which has the folder of a test as its
 * current one. Each has the command's classes loaded anew and its own standard streams, on
 * descriptors as the launcher gives them. What is saved is the start of a JVM for each, and the
 * loading of the compiler: nine tenths of what a short command takes.
 *
 * <p>Not for what ends or outlives a command: exits, signals, tasks that never end, worker
 * processes. Those are for {@link Command#process}.
 */
final class CommandServer {
  private static final String PACKAGE = CommandServer.class.getPackageName() + ".";

  private final MethodHandle dup;
  private final MethodHandle dup2;
  private final MethodHandle close;

  @SuppressWarnings("restricted") // the command line of the server allows it
  private CommandServer() {
    Linker linker = Linker.nativeLinker();
    var one = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    dup = linker.downcallHandle(linker.defaultLookup().findOrThrow("dup"), one);
    close = linker.downcallHandle(linker.defaultLookup().findOrThrow("close"), one);
    dup2 =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("dup2"),
            one.appendArgumentLayouts(ValueLayout.JAVA_INT));
  }

  /** Reads requests from stdin until its end; answers each with an exit code on stdout. */
  public static void main(String[] args) throws Throwable {
    new CommandServer().serve();
    System.exit(0); // whatever a task has left
  }

  private void serve() throws Throwable {
    // Tasks, and programs that they start, know nothing of these.
    FileDescriptor in = descriptor((int) dup.invokeExact(0));
    FileDescriptor out = descriptor((int) dup.invokeExact(1));
    int nothing;
    try (var empty = new FileInputStream("/dev/null")) {
      nothing = (int) dup.invokeExact(number(empty.getFD()));
    }
    var _ = (int) dup2.invokeExact(nothing, 0);
    var requests = new DataInputStream(new FileInputStream(in));
    var answers = new DataOutputStream(new FileOutputStream(out));
    while (true) {
      String[] arguments;
      try {
        arguments = new String[requests.readInt()];
      } catch (EOFException e) {
        return;
      }
      for (int i = 0; i < arguments.length; i++) {
        arguments[i] = text(requests);
      }
      answers.writeInt(run(arguments, Path.of(text(requests)), Path.of(text(requests))));
      answers.flush();
    }
  }

  private static String text(DataInputStream in) throws IOException {
    return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
  }

  private int run(String[] arguments, Path out, Path err) throws Throwable {
    PrintStream originalOut = System.out;
    PrintStream originalErr = System.err;
    InputStream originalIn = System.in;
    int inNumber = (int) dup.invokeExact(0);
    int outNumber = opened(out);
    int errNumber = opened(err);
    var _ = (int) dup2.invokeExact(errNumber, 1);
    var _ = (int) dup2.invokeExact(errNumber, 2);
    System.setProperty("fornada.descriptors", inNumber + "," + outNumber + "," + errNumber);
    System.setProperty("java.awt.headless", "true");
    try (var loader = new CommandLoader(CommandLoader.own())) {
      Class<?> command = loader.loadClass(FornadaCommand.class.getName());
      Method execute = command.getDeclaredMethod("execute", String[].class);
      execute.setAccessible(true);
      return (int) execute.invoke(null, (Object) arguments);
    } finally {
      var _ = Thread.interrupted();
      System.setIn(originalIn);
      System.setOut(originalOut);
      System.setErr(originalErr);
      closeIfOpen(outNumber, out); // results close it themselves, help does not
      closeIfOpen(errNumber, err);
      closeIfOpen(inNumber, Path.of("/dev/null"));
    }
  }

  private int opened(Path file) throws Throwable {
    try (var stream = new FileOutputStream(file.toFile(), true)) { // both write to the end of it
      return (int) dup.invokeExact(number(stream.getFD()));
    }
  }

  private void closeIfOpen(int number, Path file) throws Throwable {
    Path link = Path.of("/proc/self/fd/" + number);
    if (Files.exists(link) && Files.isSameFile(link, file)) {
      var _ = (int) close.invokeExact(number);
    }
  }

  private static FileDescriptor descriptor(int number) throws ReflectiveOperationException {
    Constructor<FileDescriptor> constructor =
        FileDescriptor.class.getDeclaredConstructor(int.class);
    constructor.setAccessible(true);
    return constructor.newInstance(number);
  }

  private static int number(FileDescriptor descriptor) throws ReflectiveOperationException {
    Field field = FileDescriptor.class.getDeclaredField("fd");
    field.setAccessible(true);
    return field.getInt(descriptor);
  }

  /** Loads the command's classes anew; all others are those of the server. */
  private static final class CommandLoader extends URLClassLoader {
    CommandLoader(URL own) {
      super(new URL[] {own}, CommandServer.class.getClassLoader());
    }

    /** Where the command's classes are. */
    static URL own() {
      return FornadaCommand.class.getProtectionDomain().getCodeSource().getLocation();
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(PACKAGE)) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? findClass(name) : loaded;
      }
    }
  }
}
