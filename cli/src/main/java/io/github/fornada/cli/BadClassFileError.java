package io.github.fornada.cli;

import java.io.Serial;
import java.lang.classfile.ClassFile;
import org.jspecify.annotations.Nullable;

/**
 * Thrown for a class file that this JVM cannot load; the message names the class, the file, and
 * what to do.
 */
final class BadClassFileError extends ClassFormatError {
  @Serial private static final long serialVersionUID = 1L;

  /** The difference between a class file's version and the Java version: 45 is 1.1, 69 is 25. */
  private static final int VERSION_OFFSET = 44;

  private static final int HEADER_BYTES = 8;
  private static final int MAGIC = 0xCAFEBABE;

  private BadClassFileError(String message) {
    super(message);
  }

  /** Returns an error that says why the JVM rejected a class file. */
  static BadClassFileError of(String type, String file, byte[] bytes, Throwable refusal) {
    String which = "class " + type + " in " + file + " ";
    String declared = declaredName(bytes);
    if (declared != null && !declared.equals(type)) {
      return new BadClassFileError(
          which
              + "is broken, or in the wrong folder: the file contains the class "
              + declared
              + ". Give that name, and in -cp the folder or jar in which its packages begin");
    }
    if (!hasMagic(bytes)) {
      return new BadClassFileError(
          which + "is no class file, or a broken one. Build or download it again");
    }
    int version = ((bytes[6] & 0xFF) << 8 | (bytes[7] & 0xFF)) - VERSION_OFFSET;
    int here = Runtime.version().feature();
    if (version > here) {
      return new BadClassFileError(
          which
              + "was compiled for Java "
              + version
              + ", and this is Java "
              + here
              + ". Compile it with --release "
              + here
              + ", or set JAVA_HOME to a JDK "
              + version);
    }
    if ((bytes[4] & 0xFF) == 0xFF && (bytes[5] & 0xFF) == 0xFF) {
      return new BadClassFileError(
          which
              + "was compiled with preview features. Compile it without --enable-preview, or run it"
              + " with them: "
              + SourceCompiler.WITH_PREVIEW);
    }
    return new BadClassFileError(
        which + "is broken (" + refusal.getMessage() + "). Build or download it again");
  }

  /** Returns the name of the class that a class file declares; null if it is broken. */
  private static @Nullable String declaredName(byte[] bytes) {
    try {
      return ClassFile.of().parse(bytes).thisClass().asInternalName().replace('/', '.');
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static boolean hasMagic(byte[] bytes) {
    return bytes.length >= HEADER_BYTES
        && ((bytes[0] & 0xFF) << 24
                | (bytes[1] & 0xFF) << 16
                | (bytes[2] & 0xFF) << 8
                | (bytes[3] & 0xFF))
            == MAGIC;
  }
}
