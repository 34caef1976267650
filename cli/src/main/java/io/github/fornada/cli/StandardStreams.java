package io.github.fornada.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Constructor;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The command's own standard streams. Tasks run in the same JVM, and must not use them: a task's
 * output would be mixed with the results, input that it reads would be missing from the items, and
 * a stream that it closes would be closed for all.
 *
 * <p>So the command's streams are on other descriptors than 0, 1 and 2. The launcher has moved them
 * already; without it, this class does. Descriptor 0 is then empty, and 1 and 2 are both stderr,
 * for tasks and for the programs that they start. If descriptors cannot be moved, at least {@link
 * System#in}, {@link System#out} and {@link System#err} are not the command's streams.
 */
final class StandardStreams {
  /**
   * The numbers of stdin, stdout and stderr, from the launcher; empty if it could not move them.
   */
  private static final String PROPERTY = "fornada.descriptors";

  private static final int[] UNMOVED = {0, 1, 2};

  private static volatile @Nullable StandardStreams taken;

  private final int[] numbers;
  private final InputStream in;
  private final OutputStream out;
  private final OutputStream errOut;
  private final MessageStream err;
  private final Charset outCharset;
  private final TaskOutput taskOutput;

  private StandardStreams(
      int[] numbers, FileDescriptor in, FileDescriptor out, FileDescriptor err) {
    this.numbers = numbers;
    this.in = new FileInputStream(in);
    // Not a PrintStream: that swallows errors, and a closed pipe must be noticed.
    this.out = new FileOutputStream(out);
    this.errOut = new FileOutputStream(err);
    this.err = new MessageStream(errOut, System.err.charset());
    this.outCharset = System.out.charset();
    this.taskOutput = new TaskOutput(new FileOutputStream(FileDescriptor.err));
  }

  /** Reserves the streams of this process for the command, and replaces them for tasks. */
  static synchronized StandardStreams take() {
    StandardStreams already = taken;
    if (already != null) {
      return already;
    }
    StandardStreams streams = open(moved());
    System.setIn(InputStream.nullInputStream());
    // one stream for both, so that lines stay whole
    PrintStream printed = streams.taskOutput.printStream();
    System.setOut(printed);
    System.setErr(printed);
    taken = streams;
    return streams;
  }

  /** Returns the streams of this process, which must have been {@linkplain #take taken}. */
  static StandardStreams get() {
    StandardStreams streams = taken;
    return streams == null ? take() : streams;
  }

  /** Returns stdout for a command that runs no task, without moving any descriptor. */
  static OutputStream stdoutAlone() {
    String descriptors = System.getProperty(PROPERTY, "");
    return descriptors.isEmpty()
        ? new FileOutputStream(FileDescriptor.out)
        : open(numbers(descriptors)).out();
  }

  private static StandardStreams open(int[] numbers) {
    try {
      if (numbers[0] != 0) {
        return new StandardStreams(
            numbers, descriptor(numbers[0]), descriptor(numbers[1]), descriptor(numbers[2]));
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      if (System.getProperty(PROPERTY) != null) {
        throw new IllegalStateException(
            "the command's streams cannot be opened: give its JVM"
                + " --add-opens=java.base/java.io=ALL-UNNAMED, or start it with java -jar",
            e);
      }
    }
    return new StandardStreams(UNMOVED, FileDescriptor.in, FileDescriptor.out, FileDescriptor.err);
  }

  private static FileDescriptor descriptor(int number) throws ReflectiveOperationException {
    Constructor<FileDescriptor> constructor =
        FileDescriptor.class.getDeclaredConstructor(int.class);
    constructor.setAccessible(true); // the manifest of the command's jar opens the package
    return constructor.newInstance(number);
  }

  private static int[] moved() {
    String descriptors = System.getProperty(PROPERTY, "");
    if (descriptors.isEmpty()) {
      return canMove() ? move() : UNMOVED;
    }
    return numbers(descriptors);
  }

  private static int[] numbers(String descriptors) {
    String[] parts = descriptors.split(",", -1);
    var numbers = new int[UNMOVED.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Integer.parseInt(parts[i]);
    }
    return numbers;
  }

  private static boolean canMove() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    Module module = StandardStreams.class.getModule();
    return (system.startsWith("linux") || system.startsWith("mac"))
        && module.isNativeAccessEnabled()
        && FileDescriptor.class.getModule().isOpen("java.io", module)
        && !holdsFileOfTheJvm(0)
        && !holdsFileOfTheJvm(1)
        && !holdsFileOfTheJvm(2);
  }

  /**
   * Returns whether the JVM has opened a file on this descriptor: if a descriptor was closed at the
   * start, the first file that the JVM opens gets it.
   */
  private static boolean holdsFileOfTheJvm(int number) {
    try {
      Path file = device(number).toRealPath();
      return file.startsWith(Path.of(System.getProperty("java.home")).toRealPath())
          || file.toString().endsWith(".jar");
    } catch (IOException e) {
      return false; // a pipe or similar
    }
  }

  /** Moves the descriptors as the launcher does: {@code exec 3<&0 4>&1 5>&2 </dev/null 1>&2}. */
  @SuppressWarnings("restricted") // canMove checks whether it is allowed
  private static int[] move() {
    try {
      Linker linker = Linker.nativeLinker();
      var one = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
      var two = one.appendArgumentLayouts(ValueLayout.JAVA_INT);
      MethodHandle dup = linker.downcallHandle(symbol(linker, "dup"), one);
      MethodHandle dup2 = linker.downcallHandle(symbol(linker, "dup2"), two);
      var numbers = new int[UNMOVED.length];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = (int) dup.invokeExact(i);
        if (numbers[i] < 0) {
          return UNMOVED; // closed
        }
      }
      int to1 = (int) dup2.invokeExact(2, 1);
      int to0;
      try (var empty = new FileInputStream("/dev/null")) {
        to0 = (int) dup2.invokeExact(number(empty.getFD()), 0);
      }
      if (to1 < 0 || to0 < 0) {
        throw new IllegalStateException("stdin and stdout cannot be kept from tasks: dup2 failed");
      }
      return numbers;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("stdin and stdout cannot be kept from tasks", e);
    }
  }

  private static MemorySegment symbol(Linker linker, String name) {
    return linker.defaultLookup().findOrThrow(name);
  }

  private static int number(FileDescriptor descriptor) throws ReflectiveOperationException {
    var field = FileDescriptor.class.getDeclaredField("fd");
    field.setAccessible(true);
    return field.getInt(descriptor);
  }

  /**
   * Returns whether nothing can be read from stdin: whoever started the command has closed it. The
   * launcher then opens it for writing only, and without that it may be a file of the JVM's.
   */
  boolean isStdinClosed() {
    return (numbers[0] == 0 && holdsFileOfTheJvm(0))
        || Descriptor.access(numbers[0]) == Descriptor.WRITE_ONLY;
  }

  /** Returns stdin. */
  InputStream in() {
    return in;
  }

  /** Returns stdout, unbuffered. */
  OutputStream out() {
    return out;
  }

  /** Returns the charset of text on stdout for people. */
  Charset outCharset() {
    return outCharset;
  }

  /** Returns stderr for results, unbuffered: messages may be lost, results may not. */
  OutputStream errOut() {
    return errOut;
  }

  /** Returns stderr. */
  MessageStream err() {
    return err;
  }

  /** Returns the stream that tasks print to. */
  TaskOutput taskOutput() {
    return taskOutput;
  }

  /** Returns the path of the file that is open as stdin (0), stdout (1) or stderr (2). */
  Path device(Standard stream) {
    return device(numbers[stream.number]);
  }

  /** Returns the path of the file that is open on a descriptor. */
  static Path device(int number) {
    Path linux = Path.of("/proc/self/fd/" + number);
    return Files.exists(linux, LinkOption.NOFOLLOW_LINKS) ? linux : Path.of("/dev/fd/" + number);
  }

  /** The three standard streams. */
  enum Standard {
    /** Stdin. */
    IN(0),
    /** Stdout. */
    OUT(1),
    /** Stderr. */
    ERR(2);

    private final int number;

    Standard(int number) {
      this.number = number;
    }

    /** Returns its usual descriptor. */
    int number() {
      return number;
    }

    /** Returns its name in messages. */
    String words() {
      return "std" + name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Returns whether whoever started the command has opened this descriptor; not the command itself,
   * nor its JVM.
   */
  boolean isGiven(int number) {
    for (int mine : numbers) {
      if (mine == number) {
        return false;
      }
    }
    return Files.exists(device(number), LinkOption.NOFOLLOW_LINKS) && !holdsFileOfTheJvm(number);
  }

  /**
   * Returns a stream that writes to an open descriptor, where it is; a close does not close that.
   */
  OutputStream output(int number) throws IOException {
    try {
      return new FileOutputStream(descriptor(number));
    } catch (ReflectiveOperationException | RuntimeException e) {
      return new FileOutputStream(device(number).toFile(), true); // opened anew, to append
    }
  }

  /** Returns a stream that reads from an open descriptor, where it is. */
  InputStream input(int number) throws IOException {
    try {
      return new FileInputStream(descriptor(number));
    } catch (ReflectiveOperationException | RuntimeException e) {
      return Files.newInputStream(device(number));
    }
  }
}
