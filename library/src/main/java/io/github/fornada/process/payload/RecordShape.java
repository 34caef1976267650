package io.github.fornada.process.payload;

import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.io.Serializable;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.ref.WeakReference;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Encodes and decodes records of one class whose components are all plain or such records
 * themselves. With the JDK's serialization, streams and class descriptors are most of the cost of a
 * small record; here only the name of the class is sent in addition to the components.
 *
 * <p>A record need not be {@link Serializable}: its components are its whole state, and it is
 * created through its canonical constructor, as the JDK creates serializable records. The JDK's
 * serialization is used for a record that replaces itself, for a record in a package closed to
 * reflection, and for any record while a serialization filter for the whole JVM is set. It is also
 * used for a record that contains an object twice, because that must arrive as one object.
 */
public final class RecordShape {
  private static final ClassValue<RecordShape> SHAPES =
      new ClassValue<>() {
        @Override
        protected RecordShape computeValue(Class<?> type) {
          return new RecordShape(type);
        }
      };

  /**
   * The maximum number of records and arrays within a record; the JDK's serialization is used for a
   * record with more.
   */
  private static final int MAX_WITHIN = 32; // Guess

  /**
   * Shapes by loader; each map is by class name. A shape refers to its class, and so to its loader;
   * the class keeps it, and here it is weak, so that both can be collected.
   */
  private static final WeakIdentityMap<ClassLoader, Map<String, WeakReference<RecordShape>>>
      BY_NAME = new WeakIdentityMap<>();

  /** The shape read last, for many records of one class. A race only costs a lookup in the map. */
  private static volatile @Nullable Latest latest;

  @SuppressWarnings("ArrayRecordComponent") // not compared by equals
  private record Latest(
      WeakReference<ClassLoader> loader, byte[] name, WeakReference<RecordShape> shape) {
    Latest(ClassLoader loader, byte[] name, RecordShape shape) {
      this(new WeakReference<>(loader), name, new WeakReference<>(shape));
    }
  }

  private final byte[] name;

  /**
   * Each takes the record as an Object and returns a component as an Object. Must not be used if
   * {@link #constructor} is null.
   */
  private final MethodHandle[] components;

  /** Takes an Object[] and returns the record as an Object; null if that is impossible. */
  private final @Nullable MethodHandle constructor;

  /**
   * Whether its constructor and its static initializer run no user code any more. Written by
   * threads that user code may block; a thread that sees it late only asks one of them.
   */
  private volatile boolean isPlain;

  private boolean isLearned; // guarded by this

  private RecordShape(Class<?> type) {
    this.name =
        Loaders.text(type.getName(), type.getClassLoader()).getBytes(StandardCharsets.UTF_8);
    MethodHandle[] getters = new MethodHandle[0];
    MethodHandle made = null;
    if (isPlainRecord(type)) {
      try {
        RecordComponent[] parts = type.getRecordComponents();
        getters = new MethodHandle[parts.length];
        var types = new Class<?>[parts.length];
        var lookup = MethodHandles.lookup();
        for (int i = 0; i < parts.length; i++) {
          // Reads the field, as the JDK does, because an accessor may be user code.
          Field field = type.getDeclaredField(parts[i].getName());
          field.setAccessible(true);
          getters[i] =
              lookup
                  .unreflectGetter(field)
                  .asType(MethodType.methodType(Object.class, Object.class));
          types[i] = parts[i].getType();
        }
        Constructor<?> canonical = type.getDeclaredConstructor(types);
        canonical.setAccessible(true);
        made =
            lookup
                .unreflectConstructor(canonical)
                .asFixedArity() // the last component may be declared with three dots
                .asType(MethodType.genericMethodType(parts.length))
                .asSpreader(Object[].class, parts.length);
      } catch (ReflectiveOperationException | RuntimeException e) {
        made = null; // closed to this library, but not to the JDK's serialization
      }
    }
    this.components = getters;
    this.constructor = made;
  }

  private static boolean isPlainRecord(Class<?> type) {
    if (!type.isRecord() || type.isHidden()) {
      return false;
    }
    return Arrays.stream(type.getDeclaredMethods())
        .map(Method::getName)
        .noneMatch(method -> method.equals("writeReplace") || method.equals("readResolve"));
  }

  /**
   * The records and arrays found within a record; used to check that it is a tree, and a small one.
   */
  private static final class Walk {
    private @Nullable Object @Nullable [] met;
    private int count;

    /** Adds a part; returns false if it was found before, or there are too many. */
    @SuppressWarnings("ReferenceEquality") // one object must arrive as one object
    boolean isNew(Object part) {
      @Nullable Object[] all = met;
      if (all == null) {
        all = new Object[MAX_WITHIN];
        met = all;
      }
      for (int i = 0; i < count; i++) {
        if (all[i] == part) {
          return false;
        }
      }
      if (count == MAX_WITHIN) {
        return false;
      }
      all[count++] = part;
      return true;
    }
  }

  /**
   * Returns whether a part has an identity: if it is referred to twice, it must arrive as one
   * object.
   */
  private static boolean hasIdentity(@Nullable Object part) {
    return part instanceof Record || BulkValue.bytes(part) != null;
  }

  /** Returns whether all parts of a record are quickly encoded. Runs no user code. */
  public static boolean isQuick(Record value) {
    return !ObjectStreams.isFiltered() && isQuick(value, new Walk());
  }

  private static boolean isQuick(Record value, Walk walk) {
    RecordShape shape = SHAPES.get(value.getClass());
    if (shape.constructor == null) {
      return false;
    }
    for (MethodHandle component : shape.components) {
      Object part = get(component, value);
      if (part != null && hasIdentity(part) && !walk.isNew(part)) {
        return false;
      }
      if (!Payloads.isQuick(part) && !(part instanceof Record inner && isQuick(inner, walk))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Appends a record. Returns false, with nothing appended, if the JDK's serialization must be
   * used. Runs no user code.
   */
  static boolean encode(Object value, MessageOutput out) throws IOException {
    return !ObjectStreams.isFiltered() && encode(value, out, new Walk());
  }

  private static boolean encode(Object value, MessageOutput out, Walk walk) throws IOException {
    RecordShape shape = SHAPES.get(value.getClass());
    if (shape.constructor == null) {
      return false;
    }
    int start = out.size();
    out.putByte(Payloads.RECORD).putBytes(shape.name);
    for (MethodHandle component : shape.components) {
      Object part = get(component, value);
      if (part != null && hasIdentity(part) && !walk.isNew(part)) {
        out.truncate(start);
        return false;
      }
      int lengthAt = out.size();
      out.putInt(0);
      if (Payloads.isPlain(part)) {
        Payloads.encode(part, out);
      } else if (!(part instanceof Record) || !encode(part, out, walk)) {
        out.truncate(start);
        return false;
      }
      out.setInt(lengthAt, out.size() - lengthAt - Integer.BYTES);
    }
    return true;
  }

  /** Returns the components of a record; null if it cannot be created again from them. */
  static @Nullable Object @Nullable [] parts(Record value) {
    RecordShape shape = SHAPES.get(value.getClass());
    if (shape.constructor == null) {
      return null;
    }
    var parts = new @Nullable Object[shape.components.length];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = get(shape.components[i], value);
    }
    return parts;
  }

  /** Creates a record from its components. */
  static Object make(Class<?> type, @Nullable Object[] parts) throws IOException {
    return SHAPES.get(type).make(parts);
  }

  private static @Nullable Object get(MethodHandle component, Object record) {
    try {
      return (Object) component.invokeExact(record);
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("to read a field throws nothing", e);
    }
  }

  /** Reads a record whose tag has been read. */
  static Object decode(MessageInput in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    RecordShape shape = find(in, loader);
    var parts = new @Nullable Object[shape.components.length];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Payloads.decode(in.slice(in.getInt()), loader);
    }
    return shape.make(parts);
  }

  /**
   * Reads a record as {@link #decode} does if that runs no user code.
   *
   * @throws UserCodeException if it might
   */
  static Object decodeWithoutUserCode(MessageInput in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    RecordShape shape = latest(in, loader);
    if (shape == null) {
      byte[] name = in.getBytes();
      shape = known(name, new String(name, StandardCharsets.UTF_8), loader);
    }
    if (shape == null || !shape.isPlain) {
      throw new UserCodeException("a record");
    }
    var parts = new @Nullable Object[shape.components.length];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Payloads.decodeWithoutUserCode(in.slice(in.getInt()), loader);
    }
    return shape.make(parts);
  }

  /**
   * Notes that a record, and those in it, were read here, which has initialized their classes. May
   * run code of their class loaders.
   */
  static void learn(Record value) {
    RecordShape shape = SHAPES.get(value.getClass());
    if (shape.constructor == null) {
      return;
    }
    shape.learn(value.getClass());
    for (MethodHandle component : shape.components) {
      if (get(component, value) instanceof Record inner) {
        learn(inner);
      }
    }
  }

  private synchronized void learn(Class<?> type) {
    if (!isLearned) {
      isLearned = true;
      isPlain = RecordCode.of(type).onlyStores();
    }
  }

  private Object make(@Nullable Object[] parts) throws IOException {
    MethodHandle maker = constructor;
    if (maker == null || parts.length != components.length) {
      throw new CorruptFrameException("a record that cannot be put together here");
    }
    try {
      return (Object) maker.invokeExact(parts);
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException("the record's constructor failed", e);
    }
  }

  private static RecordShape find(MessageInput in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    RecordShape shape = latest(in, loader);
    if (shape == null) {
      byte[] name = in.getBytes();
      String text = new String(name, StandardCharsets.UTF_8);
      shape = known(name, text, loader);
      if (shape == null) {
        shape = SHAPES.get(Loaders.find(text, loader));
        shapesOf(text, loader).put(text, new WeakReference<>(shape));
        latest = new Latest(loader, name, shape);
      }
    }
    return shape;
  }

  /** Returns the shape read last if its name comes next, which is then skipped; else null. */
  private static @Nullable RecordShape latest(MessageInput in, ClassLoader loader) {
    Latest last = latest;
    if (last == null || !last.loader.refersTo(loader)) {
      return null;
    }
    RecordShape shape = last.shape.get();
    return shape != null && in.skipIfNext(last.name) ? shape : null;
  }

  private static @Nullable RecordShape known(byte[] name, String text, ClassLoader loader) {
    WeakReference<RecordShape> kept = shapesOf(text, loader).get(text);
    RecordShape shape = kept == null ? null : kept.get();
    if (shape != null) {
      latest = new Latest(loader, name, shape);
    }
    return shape;
  }

  private static Map<String, WeakReference<RecordShape>> shapesOf(String text, ClassLoader loader) {
    ClassLoader home = Loaders.of(text, loader);
    synchronized (BY_NAME) {
      Map<String, WeakReference<RecordShape>> shapes = BY_NAME.get(home);
      if (shapes == null) {
        shapes = new ConcurrentHashMap<>();
        BY_NAME.put(home, shapes);
      }
      return shapes;
    }
  }
}
