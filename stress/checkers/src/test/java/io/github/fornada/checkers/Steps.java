package io.github.fornada.checkers;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Lincheck switches threads at accesses to fields and arrays, but not at accesses to memory outside
 * the heap: with the unchanged classes it runs everything in one piece and finds no planted fault.
 * So this class defines the classes that share memory with a step, which Lincheck sees, before each
 * such access.
 */
public final class Steps {
  private static final ClassDesc STEPS = ClassDesc.of(Steps.class.getName());
  private static final MethodTypeDesc NOTHING = MethodTypeDesc.ofDescriptor("()V");

  private static final Set<String> OWNERS =
      Set.of("java/lang/invoke/VarHandle", "java/nio/ByteBuffer");

  private static final String HANDLE = "java/lang/invoke/VarHandle";
  private static final String OF_BUFFER = "(Ljava/nio/ByteBuffer;I";

  /**
   * No spinning, because it would only take longer to reach the same state. No access to words of
   * byte arrays, which Lincheck does not support: short messages are copied like long ones.
   */
  private static final Map<String, Map<Object, ConstantDesc>> CONSTANTS =
      Map.of(
          "io.github.fornada.process.wire.Doorbell", Map.of(300, 0, 5, 0),
          "io.github.fornada.process.wire.RingReader", Map.of(32, -1),
          "io.github.fornada.process.wire.RingWriter", Map.of(32, -1));

  private static final Set<String> DEFINED = new HashSet<>();

  /** Its value has no meaning; what matters is that threads share it. */
  @SuppressWarnings("UnusedVariable")
  private static int shared;

  private Steps() {}

  /** Called by the classes defined here, before each access to shared memory. */
  public static void step() {
    shared = 1;
  }

  // What a handle does, in one step: Lincheck runs one thread at a time, and orders are for others.

  public static long getAcquire(VarHandle handle, ByteBuffer memory, int at) {
    step();
    return memory.getLong(at);
  }

  public static long getVolatile(VarHandle handle, ByteBuffer memory, int at) {
    step();
    return memory.getLong(at);
  }

  public static void setRelease(VarHandle handle, ByteBuffer memory, int at, long value) {
    step();
    memory.putLong(at, value);
  }

  public static void setVolatile(VarHandle handle, ByteBuffer memory, int at, long value) {
    step();
    memory.putLong(at, value);
  }

  public static boolean compareAndSet(
      VarHandle handle, ByteBuffer memory, int at, long expected, long value) {
    step();
    if (memory.getLong(at) != expected) {
      return false;
    }
    memory.putLong(at, value);
    return true;
  }

  /**
   * Defines classes of the host's package with their steps.
   *
   * @throws LinkageError if one is loaded already
   */
  static synchronized void define(Class<?> host, String... simpleNames) {
    try {
      MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(host, MethodHandles.lookup());
      for (String simple : simpleNames) {
        String name = host.getPackageName() + "." + simple;
        if (DEFINED.add(name)) {
          lookup.defineClass(withSteps(name));
        }
      }
    } catch (IllegalAccessException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] withSteps(String name) throws IOException {
    String file = "/" + name.replace('.', '/') + ".class";
    try (InputStream in = Steps.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalArgumentException("no class " + name);
      }
      ClassFile format = ClassFile.of();
      Map<Object, ConstantDesc> constants = CONSTANTS.getOrDefault(name, Map.of());
      return format.transformClass(
          format.parse(in.readAllBytes()),
          ClassTransform.transformingMethodBodies((code, each) -> copy(code, each, constants)));
    }
  }

  private static void copy(
      CodeBuilder code, CodeElement element, Map<Object, ConstantDesc> constants) {
    if (element instanceof ConstantInstruction constant
        && constants.containsKey(constant.constantValue())) {
      code.loadConstant(constants.get(constant.constantValue()));
      return;
    }
    if (element instanceof InvokeInstruction call
        && call.owner().asInternalName().equals(HANDLE)
        && call.type().stringValue().startsWith(OF_BUFFER)) {
      // Lincheck does not support handles of this kind.
      code.invokestatic(
          STEPS,
          call.name().stringValue(),
          MethodTypeDesc.ofDescriptor(
              "(L" + HANDLE + ";" + call.type().stringValue().substring(1)));
      return;
    }
    if (element instanceof InvokeInstruction call
        && call.opcode() != Opcode.INVOKESPECIAL
        && OWNERS.contains(call.owner().asInternalName())) {
      code.invokestatic(STEPS, "step", NOTHING);
    }
    code.with(element);
  }
}
