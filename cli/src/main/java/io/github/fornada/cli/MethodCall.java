package io.github.fornada.cli;

import io.github.fornada.TaskFunction;
import io.github.fornada.elastic.Indirect;
import java.io.Serial;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The user's function as a task: from an item's text to its result's text. Both conversions happen
 * inside the task, so that only text travels to a worker and back, a bad item fails by itself, and
 * results need not be serializable.
 *
 * @param code the code that contains the function
 * @param type binary name of its class
 * @param method its name
 * @param parameter name of its parameter's type, as {@link Class#getName}
 * @param json whether the text of each result is JSON
 */
record MethodCall(TaskCode code, String type, String method, String parameter, boolean json)
    implements TaskFunction<String, @Nullable String>, Indirect {
  /** The resolved method of each call in this JVM. */
  private static final Map<String, Resolved> RESOLVED = new ConcurrentHashMap<>();

  /** A method that was found, ready to be called. */
  record Resolved(
      ClassLoader loader,
      ItemParser parser,
      MethodHandle handle,
      Class<?> parameterType,
      Class<?> resultType) {
    /** Finds a method in a class of a loader. */
    static Resolved of(ClassLoader loader, String type, String method, String parameter) {
      try {
        for (Method candidate : Class.forName(type, false, loader).getDeclaredMethods()) {
          if (candidate.getName().equals(method)
              && candidate.getParameterCount() == 1
              && candidate.getParameterTypes()[0].getName().equals(parameter)
              && !candidate.isBridge()) {
            // because its class may be package-private, as in small source files
            if (!candidate.trySetAccessible()) {
              throw Fault.usage(
                  type
                      + "#"
                      + method
                      + " is in "
                      + candidate.getDeclaringClass().getModule()
                      + ", which keeps that package to itself: call it in a function of your own");
            }
            MethodHandle handle = MethodHandles.lookup().unreflect(candidate);
            return new Resolved(
                loader,
                ItemParser.of(candidate.getParameterTypes()[0]),
                (Modifier.isStatic(candidate.getModifiers())
                        ? handle
                        : handle.bindTo(newObject(candidate.getDeclaringClass())))
                    .asType(MethodType.methodType(Object.class, Object.class)),
                candidate.getParameterTypes()[0],
                candidate.getReturnType());
          }
        }
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("cannot load " + type + ": " + e, e);
      }
      throw new IllegalStateException("no method " + method + " in " + type);
    }

    /** Calls it for the item that a text stands for. */
    @SuppressWarnings("ReferenceEquality") // compares identities
    @Nullable String apply(String item, boolean json) throws Exception {
      Thread self = Thread.currentThread();
      if (self.getContextClassLoader() != loader) {
        self.setContextClassLoader(loader);
      }
      Object argument = parser.parse(item);
      @Nullable Object result;
      try {
        result = (@Nullable Object) handle.invokeExact(argument);
      } catch (Exception | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException("the task threw " + e, e);
      }
      if (resultType == void.class) {
        return null;
      }
      return json ? Rendering.jsonOf(result) : Rendering.text(result);
    }
  }

  static MethodCall of(TaskCode code, Method method) {
    return new MethodCall(
        code,
        method.getDeclaringClass().getName(),
        method.getName(),
        method.getParameterTypes()[0].getName(),
        false);
  }

  /** Returns the same task with results as JSON. */
  MethodCall asJson() {
    return new MethodCall(code, type, method, parameter, true);
  }

  /** Resolves the method now, so that the first items need not wait for that. */
  MethodCall prepared() {
    var _ = resolved();
    return this;
  }

  /** Returns whether its type is {@code void}. */
  boolean returnsNothing() {
    return resultType() == void.class;
  }

  Class<?> parameterType() {
    return resolved().parameterType();
  }

  Class<?> resultType() {
    return resolved().resultType();
  }

  private Resolved resolved() {
    Resolved resolved = RESOLVED.get(code.id());
    return resolved == null ? RESOLVED.computeIfAbsent(code.id(), id -> resolve()) : resolved;
  }

  @Override
  public @Nullable String apply(String item) throws Exception {
    return resolved().apply(item, json);
  }

  /** Returns the same task for other machines. */
  ClusterCall forCluster() {
    return new ClusterCall(calledClass(), method, parameter, json);
  }

  @Override
  public Class<?> calledClass() {
    try {
      return Class.forName(type, false, code.loader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(type + " is gone from " + code, e);
    }
  }

  @Override
  public String calledMethod() {
    return method;
  }

  /**
   * Returns the object whose methods are called, one for all items in this JVM: its fields are as
   * static ones.
   */
  private static Object newObject(Class<?> compact) throws ReflectiveOperationException {
    try {
      Constructor<?> constructor = compact.getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (InvocationTargetException e) {
      throw new NotMadeException(compact, e.getCause() == null ? e : e.getCause());
    }
  }

  /** The fields of a compact source file could not be set. */
  static final class NotMadeException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    NotMadeException(Class<?> compact, Throwable cause) {
      super("the fields of " + compact.getName() + " cannot be set: " + cause, cause);
    }
  }

  private Resolved resolve() {
    return Resolved.of(code.loader(), type, method, parameter);
  }
}
