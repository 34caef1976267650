package io.github.fornada.process.payload;

import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.io.Serializable;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Encodes a lambda or a method reference whose captured values are plain: as the names that the
 * compiler gave it, and those values. Its {@link SerializedLambda} contains the same, but
 * serializing that object takes ten times as long.
 *
 * <p>The JDK's serialization is used for all others: lambdas that capture other values, lambdas in
 * a package closed to reflection, and any lambda while a serialization filter for the whole JVM is
 * set.
 */
public final class LambdaForm {
  /** The form of a lambda's class, created when the first lambda of that class is written. */
  private static final ClassValue<LambdaForm> WRITTEN =
      new ClassValue<>() {
        @Override
        protected LambdaForm computeValue(Class<?> type) {
          return new LambdaForm(type);
        }
      };

  /** For the class that contains a lambda: the makers of its lambdas, by their names. */
  private static final ClassValue<Map<ByteBuffer, Maker>> READ =
      new ClassValue<>() {
        @Override
        protected Map<ByteBuffer, Maker> computeValue(Class<?> type) {
          return new ConcurrentHashMap<>();
        }
      };

  private static final MethodType REPLACES = MethodType.methodType(Object.class, Object.class);
  private static final MethodType MAKES =
      MethodType.methodType(Object.class, SerializedLambda.class);

  /** Returns the SerializedLambda of a lambda; null if that is impossible. */
  private final @Nullable MethodHandle replace;

  /**
   * The names, which all lambdas of the class have in common. Written by any thread, always with
   * the same content.
   */
  private volatile byte @Nullable [] names;

  private LambdaForm(Class<?> type) {
    MethodHandle found = null;
    if (type.isHidden() && type.isSynthetic() && Serializable.class.isAssignableFrom(type)) {
      try {
        Method method = type.getDeclaredMethod("writeReplace");
        method.setAccessible(true);
        found = MethodHandles.lookup().unreflect(method).asType(REPLACES);
      } catch (ReflectiveOperationException | RuntimeException e) {
        found = null; // closed to this library, but not to the JDK's serialization
      }
    }
    replace = found;
  }

  /**
   * Returns the parts of a lambda; null if the JDK's serialization must be used. Runs no user code.
   */
  public static @Nullable SerializedLambda of(Object value) {
    if (!value.getClass().isHidden() || ObjectStreams.isFiltered()) {
      return null;
    }
    MethodHandle replace = WRITTEN.get(value.getClass()).replace;
    try {
      return replace != null
              && (Object) replace.invokeExact(value) instanceof SerializedLambda parts
              && isPlain(parts)
          ? parts
          : null;
    } catch (Throwable e) {
      return null; // the JDK's serialization will report what is wrong
    }
  }

  private static boolean isPlain(SerializedLambda parts) {
    int n = parts.getCapturedArgCount();
    for (int k = 0; k < n; k++) {
      Object value = parts.getCapturedArg(k);
      // An object that is captured twice must arrive as one object, if the difference can be
      // observed.
      if (!Payloads.isQuick(value) || (n > 1 && BulkValue.bytes(value) != null)) {
        return false;
      }
    }
    return true;
  }

  /** Appends a lambda whose parts are given. */
  static void encode(Object value, SerializedLambda parts, MessageOutput out) throws IOException {
    LambdaForm form = WRITTEN.get(value.getClass());
    byte[] names = form.names;
    if (names == null) {
      names =
          new MessageOutput()
              .putString(parts.getFunctionalInterfaceClass())
              .putString(parts.getFunctionalInterfaceMethodName())
              .putString(parts.getFunctionalInterfaceMethodSignature())
              .putInt(parts.getImplMethodKind())
              .putString(parts.getImplClass())
              .putString(parts.getImplMethodName())
              .putString(parts.getImplMethodSignature())
              .putString(parts.getInstantiatedMethodType())
              .toByteArray();
      form.names = names;
    }
    out.putByte(Payloads.LAMBDA)
        .putString(Loaders.text(parts.getCapturingClass(), value.getClass().getClassLoader()))
        .putBytes(names)
        .putInt(parts.getCapturedArgCount());
    for (int k = 0; k < parts.getCapturedArgCount(); k++) {
      int lengthAt = out.size();
      out.putInt(0);
      Payloads.encode(parts.getCapturedArg(k), out);
      out.setInt(lengthAt, out.size() - lengthAt - Integer.BYTES);
    }
  }

  /** Reads a lambda whose tag has been read. */
  static Object decode(MessageInput in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    Class<?> home = Loaders.find(in.getString().replace('/', '.'), loader);
    ByteBuffer names = ByteBuffer.wrap(in.getBytes());
    Map<ByteBuffer, Maker> makers = READ.get(home);
    Maker maker = makers.get(names);
    if (maker == null) {
      maker = Maker.of(home, new MessageInput(names.array(), 0, names.array().length));
      makers.put(names, maker);
    }
    int n = in.getInt();
    if (n < 0 || n > in.remaining()) {
      throw new CorruptFrameException("a lambda with " + n + " captured values");
    }
    var captured = new @Nullable Object[n];
    for (int k = 0; k < n; k++) {
      captured[k] = Payloads.decode(in.slice(in.getInt()), loader);
    }
    return maker.make(captured);
  }

  /** Creates lambdas of one kind. */
  private record Maker(
      Class<?> home,
      MethodHandle deserialize,
      String type,
      String method,
      String signature,
      int kind,
      String implClass,
      String implMethod,
      String implSignature,
      String instantiated) {

    static Maker of(Class<?> home, MessageInput in) throws IOException {
      MethodHandle deserialize;
      try {
        // The method in which compilers put the code that creates the lambdas of a class from their
        // names.
        Method method = home.getDeclaredMethod("$deserializeLambda$", SerializedLambda.class);
        method.setAccessible(true);
        deserialize = MethodHandles.lookup().unreflect(method).asType(MAKES);
      } catch (ReflectiveOperationException | RuntimeException e) {
        throw new IOException("the lambdas of " + home.getName() + " cannot be made here", e);
      }
      return new Maker(
          home,
          deserialize,
          in.getString(),
          in.getString(),
          in.getString(),
          in.getInt(),
          in.getString(),
          in.getString(),
          in.getString(),
          in.getString());
    }

    Object make(@Nullable Object[] captured) throws IOException {
      var parts =
          new SerializedLambda(
              home,
              type,
              method,
              signature,
              kind,
              implClass,
              implMethod,
              implSignature,
              instantiated,
              captured);
      try {
        return (Object) deserialize.invokeExact(parts);
      } catch (Error | RuntimeException e) {
        throw e;
      } catch (Throwable e) {
        throw new IOException("a lambda of " + home.getName() + " cannot be made", e);
      }
    }
  }
}
