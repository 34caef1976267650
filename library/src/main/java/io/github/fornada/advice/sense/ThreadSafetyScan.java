package io.github.fornada.advice.sense;

import io.github.fornada.TaskFunction;
import io.github.fornada.advice.sense.CodeScan.Made;
import io.github.fornada.advice.sense.CodeScan.Origin;
import io.github.fornada.advice.sense.CodeScan.Same;
import io.github.fornada.advice.sense.CodeScan.Shared;
import java.io.Serializable;
import java.lang.classfile.FieldModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.invoke.SerializedLambda;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the code of a function, and of what it calls, and tells whether it would be wrong to run it
 * on several threads of one JVM at once. It looks for objects that all threads share, static fields
 * and what the function captures, and then for
 *
 * <ul>
 *   <li>fields that are written without a lock, and are not volatile;
 *   <li>uses of types of the JDK that are not thread-safe, such as {@link
 *       java.text.SimpleDateFormat}, and changes of collections that are not;
 *   <li>uses of classes that are annotated as {@code NotThreadSafe}.
 * </ul>
 *
 * <p>It follows calls through the user's own classes: those of the function's folder or jar, of
 * other folders of the class path, and of the same package. Of libraries it reads only such
 * annotations: their code is trusted, because they are used by many threads elsewhere. A lock is
 * taken to be the right one. Values are not followed through fields of objects that are not shared,
 * through collections, nor out of methods, except those that return a static field. So it finds the
 * common mistakes, and its silence proves nothing.
 *
 * <p>No class is loaded or initialized, and no code of the user is run, except that of its class
 * loader which finds files of classes.
 */
public final class ThreadSafetyScan {
  /**
   * The processor time of a scan; a first one takes about 25 ms, measured on a function that calls
   * a dozen methods. Not the time that passes, or a busy machine would make scans blind.
   */
  private static final Duration LIMIT = Duration.ofMillis(100);

  /**
   * The limits as long as too few methods were looked at to tell anything, as a multiple: threads
   * are not used then, though there may be nothing against them, which costs far more than a scan.
   */
  private static final int AT_LEAST = 5; // Guess

  /**
   * The time that may pass, as a multiple of the limit. On a busy machine most of it is others'.
   */
  private static final int PATIENCE = 60; // Guess

  /** The maximum number of class files that are read. */
  private static final int MOST_CLASSES = 300; // Guess

  /** The maximum number of methods that are looked at; one may be looked at in several ways. */
  private static final int MOST_METHODS = 4_000; // Guess

  /**
   * Where so many methods, the nearest first, were looked at before the time was over, the rest is
   * taken to be right.
   */
  private static final int ENOUGH_METHODS = 200; // Guess

  /** What the methods are called that pools call. */
  private static final List<String> METHODS = List.of("apply", "call", "run");

  private static final ThreadMXBean METER = ManagementFactory.getThreadMXBean();

  private final UserClasses classes;
  private final long limit;
  private final long began = System.nanoTime();
  private final long cpuBegan = METER.getCurrentThreadCpuTime();

  /** Methods to look at, nearest first. */
  private final Deque<Call> calls = new ArrayDeque<>();

  private final Set<Call> seen = new HashSet<>();

  /** The user's classes of which objects were made. */
  private final Set<String> created = new LinkedHashSet<>();

  /** Names and descriptors of methods that were called on objects of unknown classes. */
  private final Set<String> called = new LinkedHashSet<>();

  /** What static fields are set to by the initializers of their classes, by owner and name. */
  private final Map<String, String> assigned = new HashMap<>();

  private final Set<String> initializersRead = new HashSet<>();
  private @Nullable String doubt;

  /**
   * A method to look at.
   *
   * @param arguments what is known of its arguments, the receiver first
   */
  private record Call(
      String owner,
      String name,
      String descriptor,
      List<@Nullable Origin> arguments,
      boolean guarded) {}

  private ThreadSafetyScan(
      Class<?> from, Function<String, byte @Nullable []> given, Duration limit) {
    this.classes = new UserClasses(from, given, MOST_CLASSES);
    this.limit = limit.toNanos();
  }

  /**
   * Returns why it may be wrong to run {@code function} on several threads at once, as the
   * beginning of a sentence that names the class, the field and its type; null if nothing was
   * found. Takes at most 0.1 s of processor time, or 0.5 s if it has examined only a few methods by
   * then; if these are still few, that is a doubt too.
   */
  public static @Nullable String of(TaskFunction<?, ?> function) {
    return of(function, name -> null);
  }

  /**
   * Does the same where the files of some classes are not to be had from their loader.
   *
   * @param given returns the bytes of a class by its binary name; null for a class that its loader
   *     has a file of
   */
  public static @Nullable String of(
      TaskFunction<?, ?> function, Function<String, byte @Nullable []> given) {
    return of(function, given, LIMIT);
  }

  /**
   * Returns the same of other code that a pool runs: a {@link java.util.concurrent.Callable} or a
   * {@link Runnable}. Of a lambda that is not serializable it cannot be told which method of its
   * class it is, so nothing is found.
   */
  public static @Nullable String ofTask(Object task) {
    return of(task, name -> null, LIMIT);
  }

  static @Nullable String of(
      Object function, Function<String, byte @Nullable []> given, Duration limit) {
    Class<?> home = function.getClass();
    while (home.isHidden() && home.getNestHost() != home) {
      home = home.getNestHost();
    }
    var scan = new ThreadSafetyScan(home, given, limit);
    Class<?> outermost = home;
    return scan.result(outermost, () -> scan.addRoot(function, outermost));
  }

  /**
   * Returns the same for the methods of {@code type} that are called {@code method}.
   *
   * @param given as above
   */
  public static @Nullable String ofMethod(
      Class<?> type, String method, Function<String, byte @Nullable []> given) {
    var scan = new ThreadSafetyScan(type, given, LIMIT);
    return scan.result(type, () -> scan.addMethods(UserClasses.internalName(type), method, null));
  }

  private @Nullable String result(Class<?> home, Runnable addRoots) {
    if (classes.isMissing(UserClasses.internalName(home))) {
      return "the class file of " + home.getName() + " cannot be read, so it was not examined";
    }
    addRoots.run();
    run();
    return doubt;
  }

  // ---- where it begins

  private void addRoot(Object function, Class<?> home) {
    if (!function.getClass().isHidden()) {
      String type = UserClasses.internalName(function.getClass());
      var self = new Shared("the function", "", type, new Same(function));
      METHODS.forEach(method -> addMethods(type, method, self));
      return;
    }
    SerializedLambda parts = parts(function);
    if (parts == null && !(function instanceof Serializable)) {
      return;
    }
    if (parts == null) {
      // Its package is closed to this library. All lambdas of the class: which one it is cannot be
      // told.
      UserClasses.Known known = classes.get(UserClasses.internalName(home));
      if (known != null) {
        for (MethodModel method : known.model().methods()) {
          if (method.methodName().stringValue().startsWith("lambda$")) {
            add(known.name(), method, List.of(), false);
          }
        }
      }
      return;
    }
    List<@Nullable Origin> captured = new ArrayList<>();
    for (int k = 0; k < parts.getCapturedArgCount(); k++) {
      Object value = parts.getCapturedArg(k);
      captured.add(value == null ? null : captured(value));
      if (value instanceof TaskFunction<?, ?> inner) {
        addRoot(inner, home);
      }
    }
    add(
        new Call(
            parts.getImplClass(),
            parts.getImplMethodName(),
            parts.getImplMethodSignature(),
            captured,
            false));
  }

  private static Shared captured(Object value) {
    String type = UserClasses.internalName(value.getClass());
    return new Shared("the " + Words.type(type), "captured by the function", type, new Same(value));
  }

  private static @Nullable SerializedLambda parts(Object lambda) {
    try {
      Method replace = lambda.getClass().getDeclaredMethod("writeReplace");
      replace.setAccessible(true);
      return replace.invoke(lambda) instanceof SerializedLambda parts ? parts : null;
    } catch (ReflectiveOperationException | RuntimeException e) {
      return null; // its package is closed to this library
    }
  }

  /** Adds all methods of this name of a class, or else of the class above it. */
  private void addMethods(String type, String name, @Nullable Origin receiver) {
    for (String at : classes.superNames(type)) {
      UserClasses.Known known = classes.get(at);
      boolean found = false;
      for (MethodModel method : known == null ? List.<MethodModel>of() : known.model().methods()) {
        if (known != null && method.methodName().equalsString(name)) {
          add(at, method, receiver == null ? List.of() : Arrays.asList(receiver), false);
          found = true;
        }
      }
      if (found) {
        return;
      }
    }
  }

  // ---- the work

  private void run() {
    int count = 0;
    while (doubt == null && !calls.isEmpty() && count < MOST_METHODS && !isOver(count)) {
      count++;
      Call call = calls.removeFirst();
      UserClasses.Known known = classes.declaring(call.owner, call.name, call.descriptor);
      MethodModel method = known == null ? null : known.method(call.name, call.descriptor);
      if (known != null && known.isOwn() && method != null) {
        CodeScan.scan(method, call.arguments, call.guarded, new Finder(known, method));
      }
    }
    if (doubt == null && !calls.isEmpty() && count < ENOUGH_METHODS) {
      doubt = "its code could not be examined in time, from " + calls.getFirst().name() + " on";
    }
  }

  private boolean isOver(int count) {
    long most = count < ENOUGH_METHODS ? AT_LEAST * limit : limit;
    long cpu = METER.getCurrentThreadCpuTime(); // -1 in a virtual thread
    return System.nanoTime() - began >= (cpu < 0 ? 1 : PATIENCE) * most
        || (cpu >= 0 && cpu - cpuBegan >= most);
  }

  private void add(Call call) {
    if (seen.add(call)) {
      calls.addLast(call);
    }
  }

  private void add(
      String owner, MethodModel method, List<@Nullable Origin> arguments, boolean guarded) {
    add(
        new Call(
            owner,
            method.methodName().stringValue(),
            method.methodType().stringValue(),
            arguments,
            guarded));
  }

  private void report(String text) {
    if (doubt == null) {
      doubt = text;
    }
  }

  /** Returns the class that the initializer of {@code owner} gives the field; null if unknown. */
  private @Nullable String assignedType(UserClasses.Known owner, String field) {
    if (initializersRead.add(owner.name())) {
      MethodModel initializer = owner.method("<clinit>", "()V");
      if (initializer != null) {
        CodeScan.scan(initializer, List.of(), true, new Initializer());
      }
    }
    return assigned.get(owner.name() + "." + field);
  }

  /** Looks at what a class initializer gives to static fields. */
  private final class Initializer implements CodeScan.Visitor {
    @Override
    public @Nullable Origin readStatic(String owner, String name, String descriptor) {
      return null;
    }

    @Override
    public void writeStatic(
        String owner, String name, String descriptor, @Nullable Origin value, boolean guarded) {
      // What is given by a method may be of any class, so it is taken to be safe.
      assigned.put(owner + "." + name, value instanceof Made made ? made.type() : "");
    }

    @Override
    public @Nullable Origin readField(Shared of, String name, String descriptor) {
      return null;
    }

    @Override
    public void writeField(Shared of, String name, String descriptor, boolean guarded) {}

    @Override
    public void updateElement(Shared of, boolean guarded) {}

    @Override
    public void create(String type) {}

    @Override
    public @Nullable Origin call(
        Opcode opcode,
        String owner,
        String name,
        String descriptor,
        List<@Nullable Origin> arguments,
        boolean guarded) {
      return null;
    }

    @Override
    public void lambda(
        InvokeDynamicInstruction made, List<@Nullable Origin> captured, boolean guarded) {}
  }

  /** Looks for mistakes in one method, and for what it calls. */
  private final class Finder implements CodeScan.Visitor {
    private final UserClasses.Known home;
    private final MethodModel method;

    /** Fields that the method has read so far. */
    private final Set<String> fieldsRead = new HashSet<>();

    Finder(UserClasses.Known home, MethodModel method) {
      this.home = home;
      this.method = method;
    }

    private String here() {
      return Words.type(home.name()) + "." + method.methodName().stringValue();
    }

    @Override
    public @Nullable Origin readStatic(String owner, String name, String descriptor) {
      fieldsRead.add(name);
      UserClasses.Known known = classes.declaringField(owner, name);
      if (known == null
          || !known.isOwn()
          || !(descriptor.startsWith("L") || descriptor.startsWith("["))) {
        return null;
      }
      String declared = Words.descriptorType(descriptor);
      String given = assignedType(known, name);
      String type = given == null || given.isEmpty() ? declared : given;
      return new Shared(Words.type(known.name()) + "." + name, "a static field", type, null);
    }

    @Override
    public void writeStatic(
        String owner, String name, String descriptor, @Nullable Origin value, boolean guarded) {
      UserClasses.Known known = guarded ? null : racyOwner(owner, name, descriptor);
      if (known == null) {
        return;
      }
      report(
          Words.type(known.name())
              + "."
              + name
              + " is a static "
              + Words.type(Words.descriptorType(descriptor))
              + " that "
              + here()
              + " writes without a lock");
    }

    /**
     * Returns the class of the user's that declares a field, if it is a mistake that several
     * threads write to it without a lock; null if it is none.
     */
    private UserClasses.@Nullable Known racyOwner(String owner, String name, String descriptor) {
      UserClasses.Known known = classes.declaringField(owner, name);
      FieldModel field = known == null ? null : known.field(name);
      boolean mistake =
          known != null
              && known.isOwn()
              && field != null
              && !field.flags().has(AccessFlag.VOLATILE)
              && !isLazy(name, descriptor);
      return mistake ? known : null;
    }

    /** A value that is made when it is first needed: several threads make the same. */
    private boolean isLazy(String name, String descriptor) {
      boolean isHash =
          method.methodName().equalsString("hashCode")
              || method.methodName().equalsString("toString");
      return isHash || (fieldsRead.contains(name) && UnsafeTypes.isValue(descriptor));
    }

    @Override
    public @Nullable Origin readField(Shared of, String name, String descriptor) {
      fieldsRead.add(name);
      if (!(descriptor.startsWith("L") || descriptor.startsWith("["))) {
        return null;
      }
      Object value = of.object() == null ? null : valueOf(of.object().object, name);
      String type =
          value == null
              ? Words.descriptorType(descriptor)
              : UserClasses.internalName(value.getClass());
      String owner = of.name().equals("the function") ? Words.type(of.type()) : of.name();
      return new Shared(
          owner + "." + name,
          of.how().isEmpty() ? "a field of the function" : "a field of what is " + of.how(),
          type,
          value == null ? null : new Same(value));
    }

    @Override
    public void writeField(Shared of, String name, String descriptor, boolean guarded) {
      UserClasses.Known known = guarded ? null : racyOwner(of.type(), name, descriptor);
      if (known == null) {
        return;
      }
      report(
          Words.type(known.name())
              + "."
              + name
              + " is "
              + Words.article(Words.type(Words.descriptorType(descriptor)))
              + " that "
              + here()
              + " writes without a lock, on an object that all threads share: "
              + shared(of));
    }

    @Override
    public void updateElement(Shared of, boolean guarded) {
      if (!guarded) {
        report(
            of.name()
                + ", "
                + of.how()
                + ", is an array whose elements "
                + here()
                + " changes without a lock");
      }
    }

    @Override
    public void create(String type) {
      UserClasses.Known known = classes.get(type);
      if (known != null && known.isOwn() && created.add(type)) {
        called.forEach(signature -> addImplementation(known, signature));
        if (classes.isCalledFromOutside(known)) {
          for (MethodModel one : known.model().methods()) {
            if (!UserClasses.has(one, AccessFlag.STATIC)
                && !one.methodName().stringValue().startsWith("<")) {
              ThreadSafetyScan.this.add(known.name(), one, List.of(), false);
            }
          }
        }
      }
    }

    private void addImplementation(UserClasses.Known known, String signature) {
      int at = signature.indexOf('(');
      MethodModel found = known.method(signature.substring(0, at), signature.substring(at));
      if (found != null && !UserClasses.has(found, AccessFlag.STATIC)) {
        ThreadSafetyScan.this.add(known.name(), found, List.of(), false);
      }
    }

    @Override
    public @Nullable Origin call(
        Opcode opcode,
        String owner,
        String name,
        String descriptor,
        List<@Nullable Origin> arguments,
        boolean guarded) {
      if (!guarded) {
        lookAtArguments(opcode, owner, name, arguments);
      }
      UserClasses.Known known = classes.get(owner);
      if (known == null || !known.isOwn()) {
        return null;
      }
      Origin receiver =
          opcode == Opcode.INVOKESTATIC || arguments.isEmpty() ? null : arguments.getFirst();
      String target =
          receiver instanceof Shared shared
                  && opcode != Opcode.INVOKESPECIAL
                  && classes.get(shared.type()) != null
              ? shared.type()
              : owner;
      ThreadSafetyScan.this.add(new Call(target, name, descriptor, arguments, guarded));
      if ((opcode == Opcode.INVOKEVIRTUAL || opcode == Opcode.INVOKEINTERFACE)
          && !(receiver instanceof Shared)
          && called.add(name + descriptor)) {
        for (String type : List.copyOf(created)) {
          addImplementation(Objects.requireNonNull(classes.get(type)), name + descriptor);
        }
      }
      return opcode == Opcode.INVOKESTATIC ? returned(owner, name, descriptor) : null;
    }

    /** Returns what a method returns that does nothing but return a static field. */
    private @Nullable Origin returned(String owner, String name, String descriptor) {
      UserClasses.Known known = classes.declaring(owner, name, descriptor);
      MethodModel getter = known == null ? null : known.method(name, descriptor);
      if (known == null || getter == null || !descriptor.startsWith("()L")) {
        return null;
      }
      List<Instruction> code = new ArrayList<>();
      getter
          .code()
          .ifPresent(all ->
              all.forEach(element -> {
                if (element instanceof Instruction one) {
                  code.add(one);
                }
              }));
      return code.size() == 2
              && code.getFirst() instanceof FieldInstruction field
              && field.opcode() == Opcode.GETSTATIC
          ? readStatic(
              field.owner().asInternalName(),
              field.name().stringValue(),
              field.type().stringValue())
          : null;
    }

    private void lookAtArguments(
        Opcode opcode, String owner, String name, List<@Nullable Origin> arguments) {
      for (int k = 0; k < arguments.size(); k++) {
        if (!(arguments.get(k) instanceof Shared shared)) {
          continue;
        }
        boolean isReceiver = k == 0 && opcode != Opcode.INVOKESTATIC;
        if (isReceiver && isMarked(shared.type())) {
          report(
              shared.name()
                  + ", "
                  + describe(shared)
                  + ", is a "
                  + Words.type(shared.type())
                  + ", which is annotated as NotThreadSafe (used by "
                  + here()
                  + ")");
          return;
        }
        String unsafe = unsafeType(shared.type());
        boolean wrong =
            unsafe != null
                && (isReceiver
                    ? UnsafeTypes.isUnsafe(unsafe, name)
                    : UnsafeTypes.isUnsafeAnywhere(unsafe) && Stack.isJdk(owner.replace('/', '.')));
        if (wrong && unsafe != null) {
          report(
              shared.how().equals("a static field")
                  ? shared.name()
                      + " is a static "
                      + Words.type(unsafe)
                      + ", which is not thread-safe (used by "
                      + here()
                      + ")"
                  : shared.name()
                      + ", "
                      + describe(shared)
                      + ", is a "
                      + Words.type(unsafe)
                      + ", which is not thread-safe (used by "
                      + here()
                      + ")");
          return;
        }
      }
    }

    private boolean isMarked(String type) {
      for (String at : classes.superNames(type)) {
        UserClasses.Known known = classes.get(at);
        if (known != null && known.isMarkedUnsafe()) {
          return true;
        }
      }
      return false;
    }

    private @Nullable String unsafeType(String type) {
      for (String at : classes.superNames(type)) {
        if (UnsafeTypes.isKnown(at)) {
          return at;
        }
      }
      return null;
    }

    @Override
    public void lambda(
        InvokeDynamicInstruction made, List<@Nullable Origin> captured, boolean guarded) {
      for (ConstantDesc argument : made.bootstrapArgs()) {
        if (argument instanceof DirectMethodHandleDesc handle) {
          String descriptor = handle.owner().descriptorString();
          if (descriptor.startsWith("L")) {
            ThreadSafetyScan.this.add(
                new Call(
                    Words.descriptorType(descriptor),
                    handle.methodName(),
                    handle.lookupDescriptor(),
                    captured,
                    guarded));
          }
        }
      }
    }

    private String describe(Shared shared) {
      return shared.how().isEmpty() ? "which all threads share" : shared.how();
    }

    private String shared(Shared shared) {
      return shared.how().isEmpty() ? "it is the function" : shared.name() + ", " + shared.how();
    }
  }

  /** Returns the value of a field; null if it cannot be read. */
  private static @Nullable Object valueOf(Object object, String name) {
    for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (field.getName().equals(name)) {
          try {
            field.setAccessible(true);
            return field.get(object);
          } catch (ReflectiveOperationException | RuntimeException e) {
            return null; // its package is closed to this library; then its declared type must do
          }
        }
      }
    }
    return null;
  }

  /** Names of types as readers know them. */
  private static final class Words {
    static String type(String internal) {
      return switch (internal) {
        case "I" -> "int";
        case "J" -> "long";
        case "Z" -> "boolean";
        case "D" -> "double";
        case "F" -> "float";
        case "B" -> "byte";
        case "S" -> "short";
        case "C" -> "char";
        default -> {
          if (internal.startsWith("[")) {
            yield type(descriptorType(internal.substring(1))) + "[]";
          }
          yield internal.replace('/', '.');
        }
      };
    }

    /** The internal name in a descriptor, or the descriptor of an array or a primitive. */
    static String descriptorType(String descriptor) {
      return descriptor.startsWith("L")
          ? descriptor.substring(1, descriptor.length() - 1)
          : descriptor;
    }

    static String article(String type) {
      return ("aeiou".indexOf(type.charAt(0)) >= 0 ? "an " : "a ") + type;
    }
  }
}
