package io.github.fornada.cli;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.constantpool.MethodRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Turns calls of {@code System.exit} and the like in a class into a thrown {@link Error}.
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

  private ExitGuard() {}

  /**
   * Returns the class with its exits changed; the same array if it has none, or if it cannot be
   * parsed: the JVM itself then says what is wrong with it.
   */
  static byte[] guard(byte[] bytes) {
    try {
      ClassModel model = ClassFile.of().parse(bytes);
      if (!mentionsExit(model)) {
        return bytes;
      }
      return ClassFile.of()
          .transformClass(model, ClassTransform.transformingMethodBodies(ExitGuard::change));
    } catch (IllegalArgumentException e) { // the class is of a later version, or broken
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

  private static void change(CodeBuilder code, CodeElement element) {
    if (element instanceof InvokeInstruction call
        && isExit(call.owner().asInternalName(), call.name().stringValue())) {
      String name =
          call.owner().asInternalName().equals("java/lang/System") ? "System." : "Runtime.";
      // Stack: ..., exit code. The throw drops what is below it.
      code.invokestatic(
              INTEGER, "toString", MethodTypeDesc.of(ConstantDescs.CD_String, ConstantDescs.CD_int))
          .ldc("the task called " + name + call.name().stringValue() + "(")
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
    } else {
      code.with(element);
    }
  }
}
