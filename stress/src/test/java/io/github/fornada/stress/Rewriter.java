package io.github.fornada.stress;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Loads the library's own classes with every access to shared memory replaced by a call of the
 * {@link Explorer}; for a twin that must be caught, one of them is changed.
 */
final class Rewriter extends ClassLoader {
  private static final ClassDesc EXPLORER = ClassDesc.of(Explorer.class.getName());
  private static final String SEGMENT = "Ljava/lang/foreign/MemorySegment;";
  private static final String BUFFER = "Ljava/nio/ByteBuffer;";

  /** Classes whose buffers are shared memory; those of others are their own. */
  private static final Set<String> RINGS = Set.of("RingReader", "RingWriter");

  private static final MethodTypeDesc NOTHING = MethodTypeDesc.ofDescriptor("()V");
  private static final MethodTypeDesc NAMED = MethodTypeDesc.ofDescriptor("(Ljava/lang/String;)V");
  private static final String LONGS = "([J";

  private record Place(String type, String method, String call) {}

  private final Map<Place, String> changes = new HashMap<>();
  private final Map<String, Map<Object, ConstantDesc>> constants = new HashMap<>();
  private final Set<String> timed = new HashSet<>();
  private final Map<String, String> standIns = new HashMap<>();
  private final Set<Place> late = new HashSet<>();
  private final Set<Place> unseen = new HashSet<>();
  private final Set<Place> asTrue = new HashSet<>();
  private final Set<Place> without = new HashSet<>();
  private final Set<Place> applied = new HashSet<>();

  Rewriter() {
    super(Rewriter.class.getClassLoader());
  }

  /**
   * Replaces a call in this method by another method of the Explorer; removes it if {@code instead}
   * is empty, for calls that return nothing and have no long or double argument.
   */
  Rewriter twin(String type, String method, String call, String instead) {
    changes.put(new Place(type, method, call), instead);
    return this;
  }

  /** Replaces the value of a constant, such as a size. */
  Rewriter constant(String type, Object value, ConstantDesc instead) {
    constants.computeIfAbsent(type, _ -> new HashMap<>()).put(value, instead);
    return this;
  }

  /** Gives a class the time of the {@link Explorer}, which advances while threads wait. */
  Rewriter timed(String type) {
    timed.add(type);
    return this;
  }

  /**
   * Lets the next load of the thread pass this method's store to the field, as volatile forbids.
   */
  Rewriter late(String type, String method, String field) {
    late.add(new Place(type, method, field));
    return this;
  }

  /** Makes this method's store to the field a plain one, which publishes nothing. */
  Rewriter unseen(String type, String method, String field) {
    unseen.add(new Place(type, method, field));
    return this;
  }

  /** Leaves out this method's store to the field. */
  Rewriter without(String type, String method, String field) {
    without.add(new Place(type, method, field));
    return this;
  }

  /** Makes the field true wherever this method reads it. */
  Rewriter asTrue(String type, String method, String field) {
    asTrue.add(new Place(type, method, field));
    return this;
  }

  /**
   * Replaces classes of the library by nested classes of the scenario with the same simple names.
   */
  Rewriter standIn(String scenario, String... ours) {
    for (String real : ours) {
      String stand = scenario + '$' + real.substring(real.lastIndexOf('.') + 1);
      standIns.put(stand.replace('.', '/'), real.replace('.', '/'));
    }
    return this;
  }

  /** Returns whether every change was made: a twin without a change proves nothing. */
  boolean isApplied() {
    var all = new HashSet<>(changes.keySet());
    all.addAll(late);
    all.addAll(unseen);
    all.addAll(asTrue);
    all.addAll(without);
    return applied.equals(all);
  }

  Explorer.Scenario scenario(String name) {
    try {
      return (Explorer.Scenario) loadClass(name).getConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      if (!name.startsWith("io.github.fornada.") || name.startsWith("io.github.fornada.stress.")) {
        return super.loadClass(name, resolve);
      }
      String file = name.replace('.', '/');
      for (Map.Entry<String, String> each : standIns.entrySet()) {
        if (file.equals(each.getValue()) || file.startsWith(each.getValue() + '$')) {
          file = each.getKey() + file.substring(each.getValue().length());
        }
      }
      try (InputStream in = getResourceAsStream(file + ".class")) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        byte[] code = rewritten(standingIn(in.readAllBytes()));
        return defineClass(name, code, 0, code.length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Returns the class with the names of stand-ins changed into those of the replaced classes. */
  private byte[] standingIn(byte[] original) throws IOException {
    if (standIns.isEmpty()) {
      return original;
    }
    var in = new DataInputStream(new ByteArrayInputStream(original));
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeLong(in.readLong()); // magic and version
    int count = in.readUnsignedShort();
    out.writeShort(count);
    for (int i = 1; i < count; i++) {
      int tag = in.readUnsignedByte();
      out.writeByte(tag);
      switch (tag) {
        case 1 -> out.writeUTF(named(in.readUTF()));
        case 7, 8, 16, 19, 20 -> out.write(in.readNBytes(2));
        case 15 -> out.write(in.readNBytes(3));
        case 5, 6 -> {
          out.write(in.readNBytes(8));
          i++; // takes two places
        }
        default -> out.write(in.readNBytes(4));
      }
    }
    in.transferTo(out);
    return bytes.toByteArray();
  }

  private String named(String text) {
    String named = text;
    for (Map.Entry<String, String> each : standIns.entrySet()) {
      named = named.replace(each.getKey(), each.getValue());
    }
    return named;
  }

  private byte[] rewritten(byte[] original) {
    ClassFile format = ClassFile.of();
    ClassModel model = format.parse(original);
    String type = model.thisClass().asInternalName();
    String simple = type.substring(type.lastIndexOf('/') + 1);
    var shared = new HashSet<String>();
    for (FieldModel field : model.fields()) {
      if ((field.flags().flagsMask() & (ClassFile.ACC_FINAL | ClassFile.ACC_STATIC)) == 0
          && ((field.flags().flagsMask() & ClassFile.ACC_VOLATILE) != 0
              || field.fieldName().equalsString("stop"))) {
        shared.add(field.fieldName().stringValue());
      }
    }
    ClassTransform transform =
        (builder, element) -> {
          if (element instanceof MethodModel method && method.code().isPresent()) {
            String name = method.methodName().stringValue();
            builder.transformMethod(
                method,
                java.lang.classfile.MethodTransform.transformingCode(
                    (code, each) -> rewrite(simple, type, name, shared, code, each)));
          } else {
            builder.with(element);
          }
        };
    return format.transformClass(model, transform);
  }

  private void rewrite(
      String simple,
      String type,
      String method,
      Set<String> shared,
      CodeBuilder code,
      CodeElement element) {
    switch (element) {
      // A class is initialized in the first run only: that is no step.
      case InvokeInstruction call when !method.equals("<clinit>") ->
          call(simple, method, code, call);
      case FieldInstruction field
          when field.owner().asInternalName().equals(type)
              && shared.contains(field.name().stringValue())
              && !method.equals("<init>") ->
          field(simple, method, code, field);
      case ConstantInstruction constant
          when constants.getOrDefault(simple, Map.of()).containsKey(constant.constantValue()) ->
          code.loadConstant(constants.get(simple).get(constant.constantValue()));
      default -> code.with(element);
    }
  }

  private void field(String simple, String method, CodeBuilder code, FieldInstruction field) {
    String name = field.name().stringValue();
    var place = new Place(simple, method, name);
    boolean isStore = field.opcode() == Opcode.PUTFIELD;
    if (isStore && late.contains(place)) {
      applied.add(place);
      String type = field.type().stringValue();
      String value = type.length() == 1 ? type : "Ljava/lang/Object;";
      code.ldc(name);
      code.invokestatic(
          EXPLORER,
          "late",
          MethodTypeDesc.ofDescriptor("(Ljava/lang/Object;" + value + "Ljava/lang/String;)V"));
    } else if (!isStore && asTrue.contains(place)) {
      applied.add(place);
      code.invokestatic(EXPLORER, "step", NOTHING);
      code.pop();
      code.loadConstant(1);
    } else if (isStore && without.contains(place)) {
      applied.add(place);
      code.invokestatic(EXPLORER, "step", NOTHING);
      code.pop();
      code.pop();
    } else if (isStore && unseen.contains(place)) {
      applied.add(place);
      code.invokestatic(EXPLORER, "step", NOTHING);
      code.with(field);
    } else {
      code.ldc(simple + '.' + name);
      code.invokestatic(EXPLORER, isStore ? "release" : "acquire", NAMED);
      code.with(field);
    }
  }

  private void call(String simple, String method, CodeBuilder code, InvokeInstruction call) {
    String owner = call.owner().asInternalName();
    String name = call.name().stringValue();
    String type = call.type().stringValue();
    var place = new Place(simple, method, name);
    String changed = changes.get(place);
    if (changed != null) {
      applied.add(place);
    }
    boolean isStatic = call.opcode() == Opcode.INVOKESTATIC;
    if ("".equals(changed)) {
      for (int i = call.typeSymbol().parameterCount() + (isStatic ? 0 : 1); i > 0; i--) {
        code.pop();
      }
      return;
    }
    String instead = changed == null ? name : changed;
    boolean memory =
        (owner.equals("java/lang/foreign/MemorySegment")
                && (name.equals("get") || name.equals("set") || name.equals("copy")))
            || (RINGS.contains(simple)
                && owner.equals("java/nio/ByteBuffer")
                && (type.startsWith("(I[BII)")
                    || (type.startsWith("(I") && name.matches("(get|put)(Int|Long)"))));
    boolean handle =
        owner.equals("java/lang/invoke/VarHandle")
            && (type.startsWith("(" + SEGMENT)
                || type.startsWith("(" + BUFFER)
                || type.startsWith(LONGS)
                || name.equals("getAndAdd")
                || isStatic);
    boolean parking =
        owner.equals("java/util/concurrent/locks/LockSupport")
            && (name.equals("park")
                || name.equals("unpark")
                || (name.equals("parkNanos") && timed.contains(simple)));
    boolean time = owner.equals("java/lang/System") && name.equals("nanoTime");
    boolean interrupt = owner.equals("java/lang/Thread") && name.equals("interrupt");
    boolean locking =
        owner.equals("java/util/concurrent/locks/Condition")
            || (owner.equals("java/util/concurrent/locks/ReentrantLock")
                && (name.equals("lock") || name.equals("unlock") || name.equals("newCondition")))
            || (owner.equals("java/util/concurrent/CountDownLatch")
                && (name.equals("countDown")
                    || name.equals("getCount")
                    || (type.equals("()V") && name.equals("await"))));
    if (owner.equals("java/lang/Thread") && (name.equals("onSpinWait") || name.equals("yield"))) {
      code.invokestatic(EXPLORER, "spin", NOTHING);
    } else if (memory
        || handle
        || parking
        || (time && timed.contains(simple))
        || interrupt
        || locking
        || changed != null) {
      String receiver = isStatic ? "" : "L" + owner + ";";
      if (changed != null || owner.equals("java/lang/invoke/VarHandle")) {
        String asked = receiver + type.substring(1, type.indexOf(')'));
        receiver = "";
        type =
            "("
                + asked.replaceAll("Lio/github/fornada/[^;]*;", "Ljava/lang/Object;")
                + type.substring(type.indexOf(')')); // of a field, or of a class of ours
      }
      code.invokestatic(
          EXPLORER, instead, MethodTypeDesc.ofDescriptor("(" + receiver + type.substring(1)));
    } else {
      boolean isNew = name.equals("<init>"); // which nobody else sees
      if (!isNew
          && (owner.startsWith("java/util/concurrent/atomic/")
              || (owner.equals("java/lang/invoke/VarHandle")
                  && !type.startsWith("([B")) // one's own
              || owner.equals("java/util/Set")
              || owner.equals("java/util/concurrent/ConcurrentHashMap")
              || (owner.equals("java/lang/Thread") && name.startsWith("interrupt")))) {
        code.ldc(simple + '.' + owner);
        code.invokestatic(EXPLORER, order(owner, name), NAMED);
      }
      code.with(call);
    }
  }

  /** Returns the name of the Explorer's method for what a call acquires and releases. */
  private static String order(String owner, String name) {
    if (!owner.equals("java/lang/invoke/VarHandle")) {
      return "exchange";
    }
    return switch (name) {
      case "getVolatile", "getAcquire" -> "acquire";
      case "setVolatile", "setRelease" -> "release";
      case "get", "set", "getOpaque", "setOpaque" -> "ordersNothing";
      default -> "exchange";
    };
  }
}
