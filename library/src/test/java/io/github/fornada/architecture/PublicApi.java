package io.github.fornada.architecture;

import java.io.IOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassSignature;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodSignature;
import java.lang.classfile.Signature;
import java.lang.classfile.attribute.InnerClassInfo;
import java.lang.classfile.attribute.InnerClassesAttribute;
import java.lang.classfile.attribute.ModuleAttribute;
import java.lang.constant.ConstantDesc;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Lists what users of a folder of classes can name: one section for each visible type, one line for
 * each visible member, in a fixed order. It reads class files, so it needs none of their
 * dependencies.
 *
 * <p>Visible is what is public or protected in a package that the module exports; in every package
 * where there is no module descriptor. Protected members count where a user could write a subclass.
 * Members inherited from a type that users cannot see count as members of the type that they can
 * see. Parameter names and annotations other than {@link Deprecated} are left out: changing them
 * breaks nobody's build.
 *
 * <p>It uses nothing but the JDK, so that it also runs from its source: {@code java PublicApi.java
 * target/classes}.
 */
public final class PublicApi {
  private static final String HOW_TO_ACCEPT =
      """
      If the change is meant, write the list anew and commit it together with a line in CHANGELOG.md:
        mvn -q -pl library,fory test -Dtest=PublicApiTest -Dapi.update
      CONTRIBUTING.md says what counts as API and what a change of it asks for.
      """;

  private static final String NOT_PUBLIC = "(a type that is not public)";

  private final Map<String, ClassModel> classes = new TreeMap<>();
  private final List<String> module = new ArrayList<>();
  private final Predicate<String> isExported;

  private PublicApi(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(file -> file.toString().endsWith(".class")).sorted().toList();
    }
    Optional<ModuleAttribute> descriptor = Optional.empty();
    for (Path file : files) {
      ClassModel model = ClassFile.of().parse(file);
      descriptor = descriptor.or(() -> model.findAttribute(Attributes.module()));
      if (!model.isModuleInfo() && !file.endsWith("package-info.class")) {
        classes.put(model.thisClass().asInternalName(), model);
      }
    }
    if (descriptor.isPresent()) {
      Set<String> exported = readModule(descriptor.get());
      isExported = exported::contains;
    } else {
      isExported = name -> true;
    }
  }

  private Set<String> readModule(ModuleAttribute descriptor) {
    var exported = new TreeSet<String>();
    var lines = new TreeSet<String>();
    descriptor
        .exports()
        .forEach(export -> {
          String name = export.exportedPackage().asSymbol().name();
          // An export to named modules is between those modules; it is no API.
          if (export.exportsTo().isEmpty()) {
            exported.add(name.replace('.', '/'));
            lines.add("exports " + name);
          }
        });
    descriptor
        .requires()
        .forEach(required -> {
          if (required.has(AccessFlag.TRANSITIVE)) {
            lines.add("requires transitive " + required.requires().name());
          }
        });
    descriptor.uses().forEach(used -> lines.add("uses " + named(used.asInternalName())));
    module.add("module " + descriptor.moduleName().name());
    lines.forEach(line -> module.add("  " + line));
    return exported;
  }

  /** Returns the list for the class files below {@code folder}, as lines. */
  public static List<String> of(Path folder) throws IOException {
    return new PublicApi(folder).lines();
  }

  /**
   * Returns what differs between two lists, section by section: "-" before what only {@code listed}
   * has, "+" before what only {@code found} has. Empty if they are equal.
   */
  public static String difference(List<String> listed, List<String> found) {
    Map<String, Set<String>> before = sections(listed);
    Map<String, Set<String>> now = sections(found);
    var names = new TreeSet<>(before.keySet());
    names.addAll(now.keySet());
    var out = new StringBuilder();
    for (String name : names) {
      Set<String> old = before.getOrDefault(name, Set.of());
      Set<String> present = now.getOrDefault(name, Set.of());
      var changes = new ArrayList<String>();
      old.stream().filter(line -> !present.contains(line)).forEach(l -> changes.add("  - " + l));
      present.stream().filter(line -> !old.contains(line)).forEach(l -> changes.add("  + " + l));
      if (!changes.isEmpty()) {
        out.append(name).append('\n');
        changes.forEach(change -> out.append(change).append('\n'));
      }
    }
    return out.toString();
  }

  private static Map<String, Set<String>> sections(List<String> lines) {
    var sections = new LinkedHashMap<String, Set<String>>();
    Set<String> current = new TreeSet<>();
    for (String line : lines) {
      if (line.startsWith("  ")) {
        current.add(line.strip());
      } else if (!line.isBlank()) {
        current = new TreeSet<>();
        sections.put(line, current);
      }
    }
    return sections;
  }

  private List<String> lines() {
    var lines = new ArrayList<>(module);
    for (Map.Entry<String, ClassModel> entry : classes.entrySet()) {
      if (isVisible(entry.getKey())) {
        if (!lines.isEmpty()) {
          lines.add("");
        }
        lines.add(named(entry.getKey()));
        describe(entry.getValue()).forEach(line -> lines.add("  " + line));
      }
    }
    return lines;
  }

  // ---- what is visible

  private boolean isVisible(String name) {
    ClassModel model = classes.get(name);
    if (model == null || !isExported.test(packageOf(name))) {
      return false;
    }
    Optional<InnerClassInfo> nested = nested(model);
    if (nested.isEmpty()) {
      // A class within a method has no entry of its own there, and is never public.
      return model.flags().has(AccessFlag.PUBLIC);
    }
    InnerClassInfo info = nested.get();
    return (info.has(AccessFlag.PUBLIC) || info.has(AccessFlag.PROTECTED))
        && info.outerClass().map(outer -> isVisible(outer.asInternalName())).orElse(false);
  }

  /** What the enclosing class says of a nested one: its real modifiers stand there only. */
  private static Optional<InnerClassInfo> nested(ClassModel model) {
    return model
        .findAttribute(Attributes.innerClasses())
        .map(InnerClassesAttribute::classes)
        .orElse(List.of())
        .stream()
        .filter(info -> info.innerClass().equals(model.thisClass()))
        .findFirst();
  }

  /** Whether a type is one of these classes, and users cannot name it. */
  private boolean isHidden(String name) {
    return classes.containsKey(name) && !isVisible(name);
  }

  private static boolean isShown(Set<AccessFlag> flags, boolean withProtected) {
    return !flags.contains(AccessFlag.SYNTHETIC)
        && (flags.contains(AccessFlag.PUBLIC)
            || (withProtected && flags.contains(AccessFlag.PROTECTED)));
  }

  // ---- types

  private List<String> describe(ClassModel model) {
    Set<AccessFlag> flags =
        nested(model).map(InnerClassInfo::flags).orElseGet(() -> model.flags().flags());
    boolean isInterface = flags.contains(AccessFlag.INTERFACE);
    boolean isRecord = model.findAttribute(Attributes.record()).isPresent();
    boolean isEnum = flags.contains(AccessFlag.ENUM);

    var head = new StringBuilder(deprecated(model.findAttribute(Attributes.deprecated())));
    head.append(flags.contains(AccessFlag.PROTECTED) ? "protected " : "public ");
    if (flags.contains(AccessFlag.STATIC) && !isInterface && !isRecord && !isEnum) {
      head.append("static ");
    }
    if (flags.contains(AccessFlag.ABSTRACT) && !isInterface && !isEnum) {
      head.append("abstract ");
    }
    if (flags.contains(AccessFlag.FINAL) && !isRecord && !isEnum) {
      head.append("final ");
    }
    var permitted = model.findAttribute(Attributes.permittedSubclasses());
    if (permitted.isPresent() && !isEnum) {
      head.append("sealed ");
    }
    head.append(isRecord ? "record " : isEnum ? "enum " : isInterface ? "interface " : "class ");
    head.append(simpleName(named(model.thisClass().asInternalName())));

    ClassSignature signature = signature(model);
    head.append(typeParameters(signature.typeParameters()));
    model
        .findAttribute(Attributes.record())
        .ifPresent(record ->
            head.append(
                record.components().stream()
                    .map(c ->
                        type(
                                c.findAttribute(Attributes.signature())
                                    .map(s -> s.asTypeSignature())
                                    .orElseGet(() -> Signature.of(c.descriptorSymbol())))
                            + " "
                            + c.name())
                    .collect(Collectors.joining(", ", "(", ")"))));
    var superclasses = new TreeSet<String>();
    var interfaces = new TreeSet<String>();
    visibleSupertypes(signature, superclasses, interfaces);
    superclasses.removeIf(name ->
        name.equals("Object")
            || (isRecord && name.equals("Record"))
            || (isEnum && name.startsWith("Enum<")));
    if (!superclasses.isEmpty()) {
      head.append(" extends ").append(String.join(", ", superclasses));
    }
    if (!interfaces.isEmpty()) {
      head.append(isInterface ? " extends " : " implements ");
      head.append(String.join(", ", interfaces));
    }
    if (permitted.isPresent() && !isEnum) {
      Set<String> names =
          permitted.get().permittedSubclasses().stream()
              .map(p -> p.asInternalName())
              .map(p -> isHidden(p) ? NOT_PUBLIC : named(p))
              .collect(Collectors.toCollection(TreeSet::new));
      head.append(" permits ").append(String.join(", ", names));
    }

    var lines = new ArrayList<String>();
    lines.add(head.toString());
    if (isEnum) {
      // In their order, which compareTo and every loop over values() show.
      lines.add(
          "constants "
              + model.fields().stream()
                  .filter(field -> field.flags().has(AccessFlag.ENUM))
                  .map(field -> field.fieldName().stringValue())
                  .collect(Collectors.joining(", ")));
    }
    boolean mayBeExtended = isInterface || mayBeExtended(model, flags);
    var fields = new TreeSet<String>();
    var constructors = new TreeSet<String>();
    // By name, then as text.
    var methods = new TreeMap<String, String>();
    var overridden = new TreeSet<String>();
    for (ClassModel part : withHiddenSupertypes(model)) {
      for (FieldModel field : part.fields()) {
        if (isShown(field.flags().flags(), mayBeExtended) && !field.flags().has(AccessFlag.ENUM)) {
          fields.add(describe(field));
        }
      }
      for (MethodModel method : part.methods()) {
        boolean isConstructor = method.methodName().equalsString("<init>");
        if (!isShown(method.flags().flags(), mayBeExtended) || (isConstructor && part != model)) {
          continue;
        }
        String name = method.methodName().stringValue();
        String text = describe(method, part, isInterface, flags.contains(AccessFlag.FINAL));
        if (isConstructor) {
          constructors.add(text);
        } else if (overridden.add(name + method.methodType().stringValue())) {
          methods.put(name + ' ' + text, text);
        }
      }
    }
    lines.addAll(fields);
    lines.addAll(constructors);
    lines.addAll(methods.values());
    return lines;
  }

  /** Whether a user's class could extend this one. */
  private static boolean mayBeExtended(ClassModel model, Set<AccessFlag> flags) {
    return !flags.contains(AccessFlag.FINAL)
        && model.methods().stream()
            .filter(method -> method.methodName().equalsString("<init>"))
            .anyMatch(method -> isShown(method.flags().flags(), true));
  }

  /** The type, and those it gets members from that users cannot name. */
  private List<ClassModel> withHiddenSupertypes(ClassModel model) {
    var all = new ArrayList<ClassModel>();
    all.add(model);
    for (int i = 0; i < all.size(); i++) {
      ClassModel next = all.get(i);
      Stream.concat(next.superclass().stream(), next.interfaces().stream())
          .map(entry -> entry.asInternalName())
          .filter(this::isHidden)
          .map(classes::get)
          .filter(hidden -> !all.contains(hidden))
          .forEach(all::add);
    }
    return all;
  }

  /** What a type extends and implements, hidden types replaced by what those extend. */
  private void visibleSupertypes(
      ClassSignature of, Set<String> superclasses, Set<String> interfaces) {
    Signature.ClassTypeSig parent = of.superclassSignature();
    if (isHidden(internalName(parent))) {
      visibleSupertypes(signature(classes.get(internalName(parent))), superclasses, interfaces);
    } else {
      superclasses.add(type(parent));
    }
    for (Signature.ClassTypeSig each : of.superinterfaceSignatures()) {
      String name = internalName(each);
      if (isHidden(name)) {
        visibleSupertypes(signature(classes.get(name)), new TreeSet<>(), interfaces);
      } else {
        interfaces.add(type(each));
      }
    }
  }

  private static ClassSignature signature(ClassModel model) {
    return model
        .findAttribute(Attributes.signature())
        .map(attribute -> attribute.asClassSignature())
        .orElseGet(() ->
            ClassSignature.of(
                (Signature.ClassTypeSig)
                    Signature.of(
                        model
                            .superclass()
                            .orElseThrow(() -> new IllegalStateException("only Object has none"))
                            .asSymbol()),
                model.interfaces().stream()
                    .map(entry -> (Signature.ClassTypeSig) Signature.of(entry.asSymbol()))
                    .toArray(Signature.ClassTypeSig[]::new)));
  }

  // ---- members

  private String describe(FieldModel field) {
    var out = new StringBuilder(deprecated(field.findAttribute(Attributes.deprecated())));
    appendModifiers(out, field.flags().flags(), AccessFlag.STATIC, AccessFlag.FINAL);
    Signature type =
        field
            .findAttribute(Attributes.signature())
            .map(attribute -> attribute.asTypeSignature())
            .orElseGet(() -> Signature.of(field.fieldTypeSymbol()));
    out.append(type(type)).append(' ').append(field.fieldName().stringValue());
    // The compiler copies these into the classes of users.
    field
        .findAttribute(Attributes.constantValue())
        .ifPresent(
            constant -> out.append(" = ").append(literal(constant.constant().constantValue())));
    return out.toString();
  }

  private static String literal(ConstantDesc value) {
    return value instanceof String text
        ? '"' + text.replace("\\", "\\\\").replace("\n", "\\n").replace("\"", "\\\"") + '"'
        : value.toString();
  }

  private String describe(
      MethodModel method, ClassModel owner, boolean inInterface, boolean inFinalClass) {
    Set<AccessFlag> flags = method.flags().flags();
    var out = new StringBuilder(deprecated(method.findAttribute(Attributes.deprecated())));
    if (inInterface) {
      boolean isStatic = flags.contains(AccessFlag.STATIC);
      out.append(isStatic ? "static " : flags.contains(AccessFlag.ABSTRACT) ? "" : "default ");
    } else {
      appendModifiers(out, flags, AccessFlag.STATIC, AccessFlag.ABSTRACT);
      if (flags.contains(AccessFlag.FINAL) && !inFinalClass) {
        out.append("final ");
      }
    }
    MethodSignature signature =
        method
            .findAttribute(Attributes.signature())
            .map(attribute -> attribute.asMethodSignature())
            .orElseGet(() -> MethodSignature.of(method.methodTypeSymbol()));
    String typeParameters = typeParameters(signature.typeParameters());
    out.append(typeParameters.isEmpty() ? "" : typeParameters + " ");
    if (method.methodName().equalsString("<init>")) {
      out.append(simpleName(named(owner.thisClass().asInternalName())));
    } else {
      out.append(type(signature.result())).append(' ').append(method.methodName().stringValue());
    }
    List<String> parameters =
        new ArrayList<>(signature.arguments().stream().map(this::type).toList());
    if (flags.contains(AccessFlag.VARARGS)) {
      parameters.set(parameters.size() - 1, parameters.getLast().replaceFirst("\\[\\]$", "..."));
    }
    out.append(parameters.stream().collect(Collectors.joining(", ", "(", ")")));
    Set<String> thrown =
        signature.throwableSignatures().isEmpty()
            ? method
                .findAttribute(Attributes.exceptions())
                .map(attribute -> attribute.exceptions())
                .orElse(List.of())
                .stream()
                .map(entry -> named(entry.asInternalName()))
                .collect(Collectors.toCollection(TreeSet::new))
            : signature.throwableSignatures().stream()
                .map(this::type)
                .collect(Collectors.toCollection(TreeSet::new));
    return thrown.isEmpty() ? out.toString() : out + " throws " + String.join(", ", thrown);
  }

  private static void appendModifiers(
      StringBuilder out, Set<AccessFlag> flags, AccessFlag... shown) {
    out.append(flags.contains(AccessFlag.PROTECTED) ? "protected " : "public ");
    for (AccessFlag flag : shown) {
      if (flags.contains(flag)) {
        out.append(flag.name().toLowerCase(java.util.Locale.ROOT)).append(' ');
      }
    }
  }

  private static String deprecated(Optional<?> attribute) {
    return attribute.isPresent() ? "@Deprecated " : "";
  }

  // ---- names and generic types

  private String typeParameters(List<Signature.TypeParam> parameters) {
    return parameters.isEmpty()
        ? ""
        : parameters.stream()
            .map(parameter -> {
              Stream<String> bounds =
                  Stream.concat(
                      parameter.classBound().stream().map(this::type),
                      parameter.interfaceBounds().stream().map(this::type));
              String bound =
                  bounds.filter(b -> !b.equals("Object")).collect(Collectors.joining(" & "));
              return parameter.identifier() + (bound.isEmpty() ? "" : " extends " + bound);
            })
            .collect(Collectors.joining(", ", "<", ">"));
  }

  private String type(Signature signature) {
    return switch (signature) {
      case Signature.BaseTypeSig base ->
          java.lang.constant.ClassDesc.ofDescriptor(String.valueOf(base.baseType())).displayName();
      case Signature.TypeVarSig variable -> variable.identifier();
      case Signature.ArrayTypeSig array -> type(array.componentSignature()) + "[]";
      case Signature.ClassTypeSig of ->
          of.outerType()
                  .map(outer -> type(outer) + "." + of.className())
                  .orElseGet(() -> named(of.className()))
              + (of.typeArgs().isEmpty()
                  ? ""
                  : of.typeArgs().stream()
                      .map(this::argument)
                      .collect(Collectors.joining(", ", "<", ">")));
    };
  }

  private String argument(Signature.TypeArg argument) {
    return switch (argument) {
      case Signature.TypeArg.Unbounded unbounded -> "?";
      case Signature.TypeArg.Bounded bounded ->
          switch (bounded.wildcardIndicator()) {
                case NONE -> "";
                case EXTENDS -> "? extends ";
                case SUPER -> "? super ";
              }
              + type(bounded.boundType());
    };
  }

  private static String internalName(Signature.ClassTypeSig type) {
    return type.outerType()
        .map(outer -> internalName(outer) + "$" + type.className())
        .orElseGet(type::className);
  }

  /** As it stands in source: nested types after a dot, those of java.lang without their package. */
  private static String named(String internalName) {
    String name = internalName.replace('/', '.').replace('$', '.');
    return name.matches("java\\.lang\\.[A-Z].*") ? name.substring("java.lang.".length()) : name;
  }

  private static String simpleName(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String packageOf(String internalName) {
    return internalName.substring(0, Math.max(0, internalName.lastIndexOf('/')));
  }

  /**
   * Compares the classes in a folder with a kept list. Returns what differs, and what to do about
   * it; empty if nothing differs.
   *
   * @param update whether to write the list anew instead
   */
  static String check(Path folder, Path list, boolean update) throws IOException {
    List<String> found = of(folder);
    if (update) {
      Files.createDirectories(list.toAbsolutePath().getParent());
      Files.write(list, found);
      return "";
    }
    if (!Files.exists(list)) {
      return list + " does not exist.\n" + HOW_TO_ACCEPT;
    }
    List<String> listed = Files.readAllLines(list);
    String difference = difference(listed, found);
    if (difference.isEmpty()) {
      return listed.equals(found) ? "" : list + " is not in order.\n" + HOW_TO_ACCEPT;
    }
    return "The public API is not the one listed in "
        + list.getFileName()
        + " (- listed, + found):\n\n"
        + difference
        + "\n"
        + HOW_TO_ACCEPT;
  }

  /** Prints the list for a folder of classes, or compares it with a list. */
  public static void main(String[] args) throws IOException {
    if (args.length == 1) {
      of(Path.of(args[0])).forEach(System.out::println);
      return;
    }
    if (args.length == 2 || (args.length == 3 && args[2].equals("--update"))) {
      String wrong = check(Path.of(args[0]), Path.of(args[1]), args.length == 3);
      System.err.print(wrong);
      System.exit(wrong.isEmpty() ? 0 : 1);
    }
    System.err.println("usage: java PublicApi.java FOLDER-OF-CLASSES [LIST [--update]]");
    System.exit(2);
  }
}
