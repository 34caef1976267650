import java.io.IOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Prints those of the given names that the JDK has: {@code Thread}, {@code Thread.onSpinWait},
 * {@code Map.Entry}. A name without package may be in any package. Helper of names.py.
 */
final class JdkNames {
  private final Map<String, List<Path>> files = new HashMap<>();
  private final Map<String, ClassModel> models = new HashMap<>();

  private JdkNames() throws IOException {
    Path modules = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("modules");
    try (Stream<Path> all = Files.walk(modules)) {
      all.filter(file -> file.toString().endsWith(".class"))
          .forEach(file -> {
            String name = file.getFileName().toString();
            name = name.substring(0, name.length() - ".class".length());
            files.computeIfAbsent(name, n -> new ArrayList<>()).add(file);
            int nested = name.lastIndexOf('$');
            if (nested >= 0) {
              files.computeIfAbsent(name.substring(nested + 1), n -> new ArrayList<>()).add(file);
            }
          });
    }
  }

  public static void main(String[] names) throws IOException {
    var jdk = new JdkNames();
    for (String name : names) {
      if (jdk.has(name.split("\\."))) {
        System.out.println(name);
      }
    }
  }

  private boolean has(String[] parts) throws IOException {
    // The longest beginning that is a type, and then a member of it.
    String nested = String.join("$", parts);
    if (files.containsKey(nested)) {
      return true;
    }
    if (parts.length < 2) {
      return false;
    }
    String type = String.join("$", List.of(parts).subList(0, parts.length - 1));
    for (Path file : files.getOrDefault(type, List.of())) {
      if (hasMember(model(file), file, parts[parts.length - 1], new HashSet<>())) {
        return true;
      }
    }
    return false;
  }

  private ClassModel model(Path file) throws IOException {
    ClassModel known = models.get(file.toString());
    if (known == null) {
      known = ClassFile.of().parse(file);
      models.put(file.toString(), known);
    }
    return known;
  }

  private boolean hasMember(ClassModel in, Path file, String member, Set<String> seen)
      throws IOException {
    if (!seen.add(in.thisClass().asInternalName())) {
      return false;
    }
    if (in.methods().stream().anyMatch(m -> m.methodName().equalsString(member))
        || in.fields().stream().anyMatch(f -> f.fieldName().equalsString(member))) {
      return true;
    }
    var parents = new ArrayList<String>();
    in.superclass().ifPresent(parent -> parents.add(parent.asInternalName()));
    in.interfaces().forEach(parent -> parents.add(parent.asInternalName()));
    for (String parent : parents) {
      String simple = parent.substring(parent.lastIndexOf('/') + 1);
      for (Path candidate : files.getOrDefault(simple, List.of())) {
        if (candidate.toString().endsWith("/" + parent + ".class")
            && hasMember(model(candidate), candidate, member, seen)) {
          return true;
        }
      }
    }
    return false;
  }
}
