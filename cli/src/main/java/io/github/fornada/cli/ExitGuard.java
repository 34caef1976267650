package io.github.fornada.cli;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.constantpool.MethodRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.DynamicConstantDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Turns calls of {@code System.exit} and the like in a class into a thrown {@link Error}, also
 * those through a method reference.
 *
 * <p>On threads, the task shares its JVM with the command. An exit there would lose the results of
 * all other items; with this class it fails only its own item. (In a worker process classes are not
 * changed: there an exit costs only the worker, which is replaced.) Calls through reflection are
 * not seen; for those there is {@link Interruption}.
 */
final class ExitGuard {
  private static final ClassDesc ERROR = ClassDesc.of("java.lang.Error");
  private static final ClassDesc INTEGER = ClassDesc.of("java.lang.Integer");

  private static final MethodTypeDesc CONCAT =
      MethodTypeDesc.of(ConstantDescs.CD_String, ConstantDescs.CD_String);

  /** Begins the names of the methods that stand for exits in method references. */
  private static final String PREFIX = "fornada$";

  private final ClassDesc owner;
  private final boolean isInterface;

  /**
   * The exits that the class has method references of, by the ends of their replacements' names.
   */
  private final Map<String, DirectMethodHandleDesc> replacements = new LinkedHashMap<>();

  private ExitGuard(ClassModel model) {
    owner = model.thisClass().asSymbol();
    isInterface = model.flags().has(AccessFlag.INTERFACE);
  }

  /**
   * Returns the class with its exits changed; the same array if it has none, or if it cannot be
   * parsed: the JVM itself then says what is wrong with it.
   *
   * @param loader finds the classes that this one mentions; they are parsed, but not loaded
   * @param warnings receives a sentence if the class has an exit that cannot be changed
   */
  static byte[] guard(byte[] bytes, ClassLoader loader, Consumer<String> warnings) {
    ClassModel model;
    try {
      model = ClassFile.of().parse(bytes);
      if (!mentionsExit(model)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) { // the class is of a later version, or broken
      return bytes;
    }
    try {
      // A changed method gets new stack maps. Where two types meet there, their common superclass
      // must be found among the task's own classes.
      ClassHierarchyResolver types =
          ClassHierarchyResolver.ofResourceParsing(loader)
              .orElse(ClassHierarchyResolver.defaultResolver());
      var guard = new ExitGuard(model);
      return ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(types))
          .transformClass(
              model,
              ClassTransform.transformingMethodBodies(guard::change)
                  .andThen(ClassTransform.endHandler(guard::addReplacements)));
    } catch (IllegalArgumentException e) {
      warnings.accept(
          "an exit of the JVM in class "
              + model.thisClass().asInternalName().replace('/', '.')
              + " would end the whole run, for the class cannot be changed: "
              + e.getMessage()
              + ". With --on processes only the task's own worker would end");
      return bytes;
    }
  }

  private static boolean mentionsExit(ClassModel model) {
    for (PoolEntry entry : model.constantPool()) {
      if (entry instanceof MethodRefEntry method
          && isExit(method.owner().asInternalName(), method.name().stringValue())) {
        return true;
      }
    }
    return false;
  }

  private static boolean isExit(String owner, String method) {
    return switch (owner) {
      case "java/lang/System" -> method.equals("exit");
      case "java/lang/Runtime" -> method.equals("exit") || method.equals("halt");
      default -> false;
    };
  }

  private void change(CodeBuilder code, CodeElement element) {
    switch (element) {
      case InvokeInstruction call
          when isExit(call.owner().asInternalName(), call.name().stringValue()) ->
          // Stack: ..., exit code. The throw drops what is below it.
          throwError(code, call.owner().asInternalName(), call.name().stringValue());
      case InvokeDynamicInstruction call
          when call.bootstrapArgs().stream().anyMatch(this::isExit) ->
          code.invokedynamic(
              DynamicCallSiteDesc.of(
                  call.bootstrapMethod(),
                  call.name().stringValue(),
                  call.typeSymbol(),
                  replaced(call.bootstrapArgs())));
      case ConstantInstruction.LoadConstantInstruction load when isExit(load.constantValue()) ->
          code.ldc(replaced(load.constantValue()));
      default -> code.with(element);
    }
  }

  /** Returns whether a constant is a method handle of an exit, or is made from one. */
  private boolean isExit(ConstantDesc constant) {
    return switch (constant) {
      case DirectMethodHandleDesc handle -> isExit(internalName(handle), handle.methodName());
      case DynamicConstantDesc<?> dynamic ->
          dynamic.bootstrapArgsList().stream().anyMatch(this::isExit);
      default -> false;
    };
  }

  private ConstantDesc[] replaced(List<ConstantDesc> constants) {
    return constants.stream().map(this::replaced).toArray(ConstantDesc[]::new);
  }

  private ConstantDesc replaced(ConstantDesc constant) {
    return switch (constant) {
      case DirectMethodHandleDesc handle when isExit(handle) -> replacement(handle);
      case DynamicConstantDesc<?> dynamic when isExit(dynamic) ->
          DynamicConstantDesc.ofNamed(
              dynamic.bootstrapMethod(),
              dynamic.constantName(),
              dynamic.constantType(),
              replaced(dynamic.bootstrapArgsList()));
      default -> constant;
    };
  }

  /**
   * Returns a handle of a method in the class itself, with the receiver as its first argument. The
   * class cannot call this one: the task's loader does not see the command.
   */
  private DirectMethodHandleDesc replacement(DirectMethodHandleDesc exit) {
    replacements.put(exit.owner().displayName() + "$" + exit.methodName(), exit);
    return MethodHandleDesc.ofMethod(
        isInterface
            ? DirectMethodHandleDesc.Kind.INTERFACE_STATIC
            : DirectMethodHandleDesc.Kind.STATIC,
        owner,
        PREFIX + exit.owner().displayName() + "$" + exit.methodName(),
        exit.invocationType());
  }

  private void addReplacements(ClassBuilder to) {
    replacements.forEach((name, exit) ->
        to.withMethodBody(
            PREFIX + name,
            exit.invocationType(),
            ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_SYNTHETIC,
            code -> {
              code.iload(exit.invocationType().parameterCount() - 1);
              throwError(code, internalName(exit), exit.methodName());
            }));
  }

  private static String internalName(DirectMethodHandleDesc handle) {
    String descriptor = handle.owner().descriptorString();
    return descriptor.substring(1, descriptor.length() - 1);
  }

  /** Throws an error that says which exit was called, with the code on top of the stack. */
  private static void throwError(CodeBuilder code, String owner, String method) {
    String name = owner.equals("java/lang/System") ? "System." : "Runtime.";
    code.invokestatic(
            INTEGER, "toString", MethodTypeDesc.of(ConstantDescs.CD_String, ConstantDescs.CD_int))
        .ldc("the task called " + name + method + "(")
        .swap()
        .invokevirtual(ConstantDescs.CD_String, "concat", CONCAT)
        .ldc(")")
        .invokevirtual(ConstantDescs.CD_String, "concat", CONCAT)
        .new_(ERROR)
        .dup_x1()
        .swap()
        .invokespecial(
            ERROR,
            ConstantDescs.INIT_NAME,
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_String))
        .athrow();
  }
}
