package io.github.fornada.process.payload;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the methods of a record do that the compiler may have made, from its class file. Reflection
 * cannot tell a canonical constructor of the user's from one of the compiler's. Not by the JDK's
 * own API for class files, whose first use takes tens of milliseconds.
 *
 * @param onlyStores whether the canonical constructor does nothing but store its parameters
 * @param comparesByItsParts whether {@code equals} and {@code hashCode} are the compiler's
 */
record RecordCode(boolean onlyStores, boolean comparesByItsParts) {
  private static final RecordCode NOT_KNOWN = new RecordCode(false, false);

  /** How the compiler writes {@code hashCode}: aload_0, invokedynamic, ireturn. */
  private static final int[] HASH_CODE = {0x2a, 0xba, -1, -1, 0, 0, 0xac};

  /** How the compiler writes {@code equals}: aload_0, aload_1, invokedynamic, ireturn. */
  private static final int[] EQUALS = {0x2a, 0x2b, 0xba, -1, -1, 0, 0, 0xac};

  /** Reads a record's class file. May run code of its class loader. */
  static RecordCode of(Class<?> type) {
    try (InputStream file =
        type.getResourceAsStream("/" + type.getName().replace('.', '/') + ".class")) {
      return file == null ? NOT_KNOWN : read(file.readAllBytes(), constructorOf(type));
    } catch (IOException | RuntimeException e) {
      return NOT_KNOWN; // a class file from elsewhere, or of a later form
    }
  }

  private static String constructorOf(Class<?> type) {
    Class<?>[] types =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    return MethodType.methodType(void.class, types).descriptorString();
  }

  private static RecordCode read(byte[] file, String constructor) throws IOException {
    var in = new DataInputStream(new ByteArrayInputStream(file));
    in.skipNBytes(8); // magic and version
    @Nullable String[] names = constants(in);
    in.skipNBytes(6); // flags, this class, super class
    in.skipNBytes(2L * in.readUnsignedShort()); // interfaces
    for (int left = in.readUnsignedShort(); left > 0; left--) { // fields
      in.skipNBytes(6);
      var _ = code(in, names);
    }
    boolean stores = false;
    boolean hashes = false;
    boolean equals = false;
    for (int left = in.readUnsignedShort(); left > 0; left--) { // methods
      in.skipNBytes(2);
      String method = String.valueOf(names[in.readUnsignedShort()]);
      String descriptor = String.valueOf(names[in.readUnsignedShort()]);
      byte[] code = code(in, names);
      switch (method + descriptor) {
        case "hashCode()I" -> hashes = matches(code, HASH_CODE);
        case "equals(Ljava/lang/Object;)Z" -> equals = matches(code, EQUALS);
        default -> {
          if (method.equals("<init>") && descriptor.equals(constructor)) {
            stores = onlyStores(code);
          }
        }
      }
    }
    return new RecordCode(stores, hashes && equals);
  }

  /** Returns the names among the constants, by their numbers. */
  private static @Nullable String[] constants(DataInputStream in) throws IOException {
    int count = in.readUnsignedShort();
    var names = new @Nullable String[count];
    for (int i = 1; i < count; i++) {
      int tag = in.readUnsignedByte();
      switch (tag) {
        case 1 -> names[i] = in.readUTF();
        case 3, 4, 9, 10, 11, 12, 17, 18 -> in.skipNBytes(4);
        case 5, 6 -> {
          in.skipNBytes(8);
          i++; // takes up two numbers
        }
        case 7, 8, 16, 19, 20 -> in.skipNBytes(2);
        case 15 -> in.skipNBytes(3);
        default -> throw new IOException("constant of kind " + tag);
      }
    }
    return names;
  }

  /** Reads the attributes of a field or a method; returns its code, empty for none. */
  private static byte[] code(DataInputStream in, @Nullable String[] names) throws IOException {
    byte[] code = new byte[0];
    for (int left = in.readUnsignedShort(); left > 0; left--) {
      String name = String.valueOf(names[in.readUnsignedShort()]);
      int length = in.readInt();
      if (name.equals("Code")) {
        in.skipNBytes(4); // sizes of stack and variables
        code = new byte[in.readInt()];
        in.readFully(code);
        in.skipNBytes(length - 8L - code.length);
      } else {
        in.skipNBytes(length);
      }
    }
    return code;
  }

  private static boolean matches(byte[] code, int[] pattern) {
    if (code.length != pattern.length) {
      return false;
    }
    for (int i = 0; i < pattern.length; i++) {
      if (pattern[i] >= 0 && (code[i] & 0xff) != pattern[i]) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether code loads variables, stores them in fields, and calls one constructor. */
  private static boolean onlyStores(byte[] code) {
    int calls = 0;
    for (int at = 0; at < code.length; ) {
      int op = code[at] & 0xff;
      if (op == 0xb1) { // return
        return calls == 1 && at == code.length - 1;
      } else if (op >= 0x1a && op <= 0x2d) { // loads with the variable in the instruction
        at++;
      } else if (op >= 0x15 && op <= 0x19) { // other loads
        at += 2;
      } else if (op == 0xc4 && (code[at + 1] & 0xff) >= 0x15 && (code[at + 1] & 0xff) <= 0x19) {
        at += 4; // wide loads
      } else if (op == 0xb5) { // putfield
        at += 3;
      } else if (op == 0xb7) { // invokespecial
        calls++;
        at += 3;
      } else {
        return false;
      }
    }
    return false;
  }
}
