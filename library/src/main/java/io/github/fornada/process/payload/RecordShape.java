package io.github.fornada.process.payload;

import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.Serializable;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How to take a record apart and put it together again, where all its components are plain or such
 * records themselves. For small records most of the JDK's serialization goes into streams and class
 * descriptors; here the name of the class is all that is sent beside the components.
 *
 * <p>A record need not be {@link Serializable}: it is its components, and is made through its
 * canonical constructor, as the JDK makes those that are. One that replaces itself, one in a
 * package closed to reflection, and any record while a filter for the whole JVM is set, goes the
 * JDK's way. So does one in which an object is found twice, for what is one must arrive as one.
 */
public final class RecordShape {
  private static final ClassValue<RecordShape> SHAPES =
      new ClassValue<>() {
        @Override
        protected RecordShape computeValue(Class<?> type) {
          return new RecordShape(type);
        }
      };

  /** Records and arrays within a record; one with more goes the JDK's way. */
  private static final int MAX_WITHIN = 32; // Guess

  /** By loader, so that a class goes with its loader; each map by name. */
  private static final Map<ClassLoader, Map<String, RecordShape>> BY_NAME = new WeakHashMap<>();

  /** The shape read last, for a run of equals. Races only cost a look in the map. */
  private static volatile @Nullable Latest latest;

  @SuppressWarnings("ArrayRecordComponent") // compared by hand
  private record Latest(ClassLoader loader, byte[] name, RecordShape shape) {}

  private final byte[] name;

  /**
   * Each takes the record as an Object and gives a component as one; not to be used without a
   * constructor.
   */
  private final MethodHandle[] components;

  /** Takes an Object[] and gives the record as an Object; null if not possible. */
  private final @Nullable MethodHandle constructor;

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
          // The field, as the JDK does: an accessor may be the user's own code.
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
                .asType(MethodType.genericMethodType(parts.length))
                .asSpreader(Object[].class, parts.length);
      } catch (ReflectiveOperationException | RuntimeException e) {
        made = null; // closed to us: the JDK's own way is open all the same
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

  /** The records and arrays met on the way through one: whether it is a tree, and a small one. */
  private static final class Walk {
    private @Nullable Object @Nullable [] met;
    private int count;

    /** Takes note of a part; false if it was met before, or there are too many. */
    @SuppressWarnings("ReferenceEquality") // what is one must arrive as one
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

  /** Whether a part is one that must arrive as one, wherever it is referred to. */
  private static boolean hasIdentity(@Nullable Object part) {
    return part instanceof Record || BulkValue.bytes(part) != null;
  }

  /** Whether a record is made of what is soon encoded. Runs none of the user's code. */
  public static boolean isQuick(Record value) {
    return ObjectInputFilter.Config.getSerialFilter() == null && isQuick(value, new Walk());
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
   * Appends a record; false, with nothing appended, if it must go the JDK's way. Runs none of the
   * user's code.
   */
  static boolean encode(Object value, MessageOutput out) throws IOException {
    return ObjectInputFilter.Config.getSerialFilter() == null && encode(value, out, new Walk());
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

  /** The components of a record; null if it cannot be taken apart and put together again. */
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

  /** Makes a record of its components. */
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
    Latest last = latest;
    if (last != null && last.loader.equals(loader) && in.skipIfNext(last.name)) {
      return last.shape;
    }
    byte[] name = in.getBytes();
    String text = new String(name, StandardCharsets.UTF_8);
    ClassLoader home = Loaders.of(text, loader);
    Map<String, RecordShape> known;
    synchronized (BY_NAME) {
      known = BY_NAME.computeIfAbsent(home, key -> new ConcurrentHashMap<>());
    }
    RecordShape shape = known.get(text);
    if (shape == null) {
      shape = SHAPES.get(Loaders.find(text, loader));
      known.put(text, shape);
    }
    latest = new Latest(loader, name, shape);
    return shape;
  }
}
