package io.github.fornada.process;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/** Classes defined at run time, each by a loader of its own that no other code can use. */
final class ForeignClasses {
  private static final String EXCEPTION = "planted.OnlyHere";

  private ForeignClasses() {}

  /** An unchecked exception of a class that exists in this JVM only. */
  static RuntimeException exception(String message) {
    try {
      return (RuntimeException) define(EXCEPTION).getConstructor(String.class).newInstance(message);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** Defines a class of this name, a kind of RuntimeException. */
  static Class<?> define(String name) {
    return new Loader().define(name);
  }

  private static final class Loader extends ClassLoader {
    Loader() {
      super(ForeignClasses.class.getClassLoader());
    }

    Class<?> define(String name) {
      byte[] file = classFile(ClassDesc.of(name));
      return defineClass(name, file, 0, file.length);
    }
  }

  private static byte[] classFile(ClassDesc itself) {
    ClassDesc parent = ClassDesc.of(RuntimeException.class.getName());
    var takesString = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_String);
    return ClassFile.of()
        .build(
            itself,
            builder ->
                builder
                    .withSuperclass(parent)
                    .withFlags(ClassFile.ACC_PUBLIC)
                    .withMethodBody(
                        ConstantDescs.INIT_NAME,
                        takesString,
                        ClassFile.ACC_PUBLIC,
                        (CodeBuilder code) ->
                            code.aload(0)
                                .aload(1)
                                .invokespecial(parent, ConstantDescs.INIT_NAME, takesString)
                                .return_()));
  }
}
