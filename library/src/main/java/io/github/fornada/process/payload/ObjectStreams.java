package io.github.fornada.process.payload;

import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.io.InvalidClassException;
import java.io.InvalidObjectException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.OutputStream;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's serialization between two processes that run one program; it also handles paths,
 * buffers, records of any kind, and the loader of each class.
 */
final class ObjectStreams {
  static final String TOO_DEEP =
      " is nested too deep to be %s (StackOverflowError): it refers to an object that refers to"
          + " another, and so on, further than the stack of a thread allows, because the JDK's"
          + " serialization calls itself for each. Pass a list or an array of the parts, write the"
          + " chain in a loop in the writeObject and readObject of its class, or give the threads"
          + " larger stacks by -Xss, here and with withJvmOptions";

  /** How many frames of a stack that was full are kept. */
  private static final int SHOWN_FRAMES = 40;

  private ObjectStreams() {}

  /** Appends an object. */
  static void write(Object value, OutputStream out) throws IOException {
    write(value, out, null);
  }

  /**
   * Appends an object.
   *
   * @param replace returns what to write instead of an object; null for no change
   */
  static void write(Object value, OutputStream out, @Nullable UnaryOperator<Object> replace)
      throws IOException {
    write(value, new Writer(out, replace, false));
  }

  /** Appends an object if no class in its graph has its own code for writing. */
  static void writeWithoutUserCode(Object value, OutputStream out) throws IOException {
    WritingCheck.check(value);
    write(value, new Writer(out, null, true));
  }

  private static void write(Object value, Writer stream) throws IOException {
    try {
      stream.writeObject(value);
    } catch (StackOverflowError e) {
      throw tooDeep("an object of class " + value.getClass().getName(), "written", e);
    }
    stream.flush();
    if (stream.ties != null) {
      stream.ties.check();
    }
  }

  /** Returns whether {@code wanted} is written where {@code from} is. May run user code. */
  static boolean leadsTo(Object from, Record wanted) throws IOException {
    var stream = new Writer(OutputStream.nullOutputStream(), null, false);
    stream.wanted = wanted;
    try {
      stream.writeObject(from);
    } catch (RecordTies.Found e) {
      // as the field below says, which user code cannot hide
    } catch (StackOverflowError e) {
      throw tooDeep("an object of class " + from.getClass().getName(), "written", e);
    }
    return stream.found;
  }

  /** Returns the exception for an object that needs a deeper stack than its thread has. */
  static InvalidObjectException tooDeep(String what, String done, Throwable cause) {
    var explained = new InvalidObjectException(what + TOO_DEEP.formatted(done));
    StackTraceElement[] stack = cause.getStackTrace();
    if (stack.length > SHOWN_FRAMES) { // the same frames again and again
      cause.setStackTrace(Arrays.copyOf(stack, SHOWN_FRAMES));
    }
    explained.initCause(cause);
    return explained;
  }

  /** Reads an object that takes up the rest of the input. */
  static Object read(MessageInput in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    return read(new Reader(in, loader, false, null), in.remaining());
  }

  /**
   * Reads an object as {@link #read} does if that runs no user code.
   *
   * @throws UserCodeException if it might
   */
  static Object readWithoutUserCode(MessageInput in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    if (ReadingCheck.isFiltered()) {
      throw new UserCodeException("a filter");
    }
    return read(new Reader(in, loader, true, null), in.remaining());
  }

  /** Reads an object as {@link #read} does, and notes which classes that has initialized. */
  static Object readAndLearn(MessageInput in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    var met = new HashSet<Class<?>>();
    Object value = read(new Reader(in, loader, false, met), in.remaining());
    ReadingCheck.learn(met);
    return value;
  }

  private static Object read(Reader stream, int size) throws IOException, ClassNotFoundException {
    var bound = new Bound(size);
    stream.setObjectInputFilter(
        ObjectInputFilter.merge(bound, ObjectInputFilter.Config.getSerialFilter()));
    try {
      return stream.readObject();
    } catch (StackOverflowError e) {
      throw tooDeep(stream.outermost(), "read", e);
    } catch (InvalidClassException e) {
      if (bound.isTooDeep) {
        throw tooDeep(stream.outermost(), "read", e);
      }
      throw bound.hasRefused || !isOfFilter(e) ? e : rejected(stream, e);
    } catch (ClassCastException | ArrayStoreException e) {
      if (String.valueOf(e.getMessage()).contains("SerializedLambda")) {
        var explained =
            new InvalidObjectException(
                "a lambda that refers to itself, by a field or an array that it captures, cannot be"
                    + " read back: the JDK's serialization makes a lambda after all that it"
                    + " captures. Write it as a static method and refer to that, or as a class that"
                    + " implements TaskFunction");
        explained.initCause(e);
        throw explained;
      }
      throw e;
    }
  }

  /**
   * Returns whether a serialization filter is set for the whole JVM. It sees only what the JDK
   * writes, so that is used for all then.
   */
  static boolean isFiltered() {
    return ObjectInputFilter.Config.getSerialFilter() != null;
  }

  private static boolean isOfFilter(InvalidClassException thrown) {
    return isFiltered() && String.valueOf(thrown.getMessage()).contains("REJECTED");
  }

  private static InvalidObjectException rejected(Reader stream, InvalidClassException cause) {
    String last = stream.described == null ? "the object" : "class " + stream.described;
    var explained =
        new InvalidObjectException(
            "the filter of serialization that is set for this JVM (jdk.serialFilter) rejects "
                + stream.outermost()
                + " at "
                + last
                + ": "
                + cause.getMessage()
                + ". Allow there the classes of tasks, items and results, and those of"
                + " io.github.fornada");
    explained.initCause(cause);
    return explained;
  }

  private static final class Writer extends ObjectOutputStream implements RecordForm.Watcher {
    private final @Nullable UnaryOperator<Object> replace;
    private final boolean withoutCode;
    private final @Nullable MessageOutput out;

    /** Where the output began, at the latest after what each stream begins with. */
    private final int start;

    /** Null as long as there is nothing to look for, and where what is written is not kept. */
    private @Nullable RecordTies ties;

    /** What is looked for among what is written; null for nothing. */
    private @Nullable Record wanted;

    private boolean found;

    /** The form that ends just now; null for none. */
    private @Nullable RecordForm ending;

    Writer(OutputStream out, @Nullable UnaryOperator<Object> replace, boolean withoutCode)
        throws IOException {
      super(out);
      this.replace = replace;
      this.withoutCode = withoutCode;
      this.out = out instanceof MessageOutput message ? message : null;
      this.start = this.out == null ? 0 : this.out.size();
      var _ = enableReplaceObject(true);
    }

    @Override
    public void ends(RecordForm form) throws IOException {
      if (out == null) {
        return;
      }
      RecordTies all = ties;
      if (all == null) {
        all = new RecordTies(out, start);
        ties = all;
      }
      flush();
      int at = out.size();
      ending = form;
      try {
        writeObject(form); // known to the stream by now: a reference
      } catch (RecordTies.Unshared e) {
        return; // nothing was written, and nothing can refer to this copy, so none of its parts
        // does
      } finally {
        ending = null;
      }
      flush();
      all.ends(form, at);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // one object is looked for
    protected Object replaceObject(Object object) throws IOException {
      if (object == wanted) {
        found = true;
        throw new RecordTies.Found();
      }
      if (object == ending) {
        throw new RecordTies.Unshared(); // the stream asks only about what it would write whole
      }
      if (withoutCode) {
        WritingCheck.checkParts(object);
      }
      if (object instanceof Path path && PathForm.isOrdinary(path)) {
        return PathForm.of(path);
      }
      if (BufferForm.isFor(object)) {
        return BufferForm.of(object);
      }
      if (object instanceof Record && !isFiltered()) {
        return RecordForm.of(object);
      }
      return replace == null ? object : replace.apply(object);
    }

    /** Writes the number of its loader before each class. */
    @Override
    protected void writeClassDescriptor(ObjectStreamClass description) throws IOException {
      Class<?> type = description.forClass();
      writeLoader(type == null ? null : type.getClassLoader());
      super.writeClassDescriptor(description);
    }

    @Override
    protected void annotateProxyClass(Class<?> type) throws IOException {
      writeLoader(type.getClassLoader());
    }

    private void writeLoader(@Nullable ClassLoader loader) throws IOException {
      long id = Loaders.idOf(loader);
      writeByte(id == 0 ? 0 : 1);
      if (id != 0) {
        writeLong(id);
      }
    }
  }

  /**
   * Finds classes through the loaders that they were sent with; the JDK's stream uses its caller's
   * loader.
   */
  private static final class Reader extends ObjectInputStream {
    private final ClassLoader otherwise;

    /** The number of the loader of the class described last. */
    private long loader;

    /** Whether a description is being read; below, the name of its class once that was read. */
    private boolean describing;

    private @Nullable String described;

    /** The name of the first class described. */
    private @Nullable String first;

    private final boolean withoutCode;

    /** Takes the classes that are met; null for nothing. */
    private final @Nullable Set<Class<?>> met;

    Reader(MessageInput in, ClassLoader otherwise, boolean withoutCode, @Nullable Set<Class<?>> met)
        throws IOException {
      super(in);
      this.otherwise = otherwise;
      this.withoutCode = withoutCode;
      this.met = met;
    }

    String outermost() {
      return first == null ? "an object" : "an object of class " + first;
    }

    private long readLoader() throws IOException {
      return readByte() == 0 ? 0 : readLong();
    }

    @Override
    protected ObjectStreamClass readClassDescriptor() throws IOException, ClassNotFoundException {
      loader = readLoader();
      described = null;
      describing = true;
      try {
        return super.readClassDescriptor();
      } finally {
        describing = false;
      }
    }

    // The JDK reads the name of a description by this method, and then the version by the next one.

    @Override
    public String readUTF() throws IOException {
      String text = super.readUTF();
      if (describing && described == null) {
        described = text;
        first = first == null ? text : first;
      }
      return text;
    }

    @Override
    public long readLong() throws IOException {
      long value = super.readLong();
      if (!describing || described == null) {
        return value;
      }
      if (withoutCode) {
        ReadingCheck.check(described, loader, otherwise);
        if (ReadingCheck.isOfTheJdk(described)) {
          return value; // the same here, and the user's loader need not be asked for it
        }
      }
      return versionHere(described, value);
    }

    /**
     * Both processes run one program, so a class is the same class even where an agent in one of
     * them has changed it, which changes its computed version. Fields that one side lacks are
     * skipped, or keep their defaults.
     */
    private long versionHere(String name, long there) {
      if (name.startsWith("[")) {
        return there;
      }
      try {
        ObjectStreamClass here = ObjectStreamClass.lookup(Loaders.find(name, loader, otherwise));
        return here == null ? there : here.getSerialVersionUID();
      } catch (ClassNotFoundException | LinkageError e) {
        return there; // resolveClass will report what is wrong
      }
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      Class<?> found = find(description);
      if (met != null) {
        met.add(found);
      }
      return found;
    }

    private Class<?> find(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      String name = description.getName();
      if (withoutCode) {
        ReadingCheck.check(name, loader, otherwise);
        if (ReadingCheck.isOfTheJdk(ReadingCheck.element(name))) {
          return Class.forName(name, false, ClassLoader.getPlatformClassLoader());
        }
      }
      try {
        return Loaders.find(name, loader, otherwise);
      } catch (ClassNotFoundException e) {
        try {
          return super.resolveClass(description); // primitive types
        } catch (ClassNotFoundException nowhere) {
          throw e; // its message says why
        }
      }
    }

    @Override
    @SuppressWarnings("deprecation") // the stream asks for the class before there is an instance
    protected Class<?> resolveProxyClass(String[] names)
        throws IOException, ClassNotFoundException {
      if (withoutCode) {
        throw new UserCodeException(names.length == 0 ? "a proxy" : names[0]);
      }
      ClassLoader known = Loaders.byId(readLoader());
      ClassLoader from = known == null ? otherwise : known;
      var interfaces = new Class<?>[names.length];
      ClassLoader home = from;
      for (int i = 0; i < names.length; i++) {
        interfaces[i] = Class.forName(names[i], false, from);
        if (!Modifier.isPublic(interfaces[i].getModifiers())) {
          home = interfaces[i].getClassLoader(); // only there may its proxy be defined
        }
      }
      return Proxy.getProxyClass(home, interfaces);
    }
  }

  /**
   * Bounds what a corrupt or hostile stream can make its reader allocate. Classes are not
   * restricted, because the peer runs the user's own code. A filter of the JVM (jdk.serialFilter)
   * still applies. Not one of the JDK's filters by pattern, because those evaluate a stream of
   * predicates, and a filter is called for each object that is read.
   */
  private static final class Bound implements ObjectInputFilter {
    private static final long DEEPEST = 100_000;

    /**
     * The maximum length of an array per byte of the stream: an element takes at least one byte,
     * and a map of the JDK has at most eight slots for an element.
     */
    private static final long PLACES = 8;

    /** An array of this length is always allowed, because an empty map has some slots too. */
    private static final long SHORT = 64;

    /** The list of {@code Collections.nCopies}: its stream has the length and only one element. */
    private static final String COPIES = "java.util.Collections$CopiesList";

    /** The maximum number of frames between this and the readObject that asks. */
    private static final int NEAR = 12;

    /** The size of the whole stream. */
    private final long bytes;

    /** Whether the stream was refused for its depth. */
    boolean isTooDeep;

    /** Whether it was refused here. */
    boolean hasRefused;

    Bound(long bytes) {
      this.bytes = bytes;
    }

    @Override
    public Status checkInput(FilterInfo info) {
      isTooDeep |= info.depth() > DEEPEST;
      hasRefused =
          isTooDeep || (info.arrayLength() > SHORT + PLACES * bytes && !allocatesNothing());
      return hasRefused ? Status.REJECTED : Status.UNDECIDED;
    }

    private static boolean allocatesNothing() {
      return StackWalker.getInstance()
          .walk(
              frames -> frames.limit(NEAR).anyMatch(frame -> frame.getClassName().equals(COPIES)));
    }
  }
}
