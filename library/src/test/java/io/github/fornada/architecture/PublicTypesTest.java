package io.github.fornada.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** What users see: the public types, and no dependency. A change here is a decision. */
final class PublicTypesTest {
  private static final String LIST = "public-types.txt";

  @Test
  void thePublicTypesAreThoseListed() throws IOException {
    Set<String> exported = exported();
    List<String> types =
        ArchitectureTest.LIBRARY.stream()
            .filter(type -> exported.contains(type.getPackageName()))
            .filter(PublicTypesTest::isVisible)
            .map(JavaClass::getName)
            .sorted()
            .toList();
    assertThat(types)
        .as(
            "public types; where this differs on purpose, change"
                + " library/src/test/resources/io/github/fornada/architecture/%s",
            LIST)
        .isEqualTo(listed());
  }

  private static Set<String> exported() throws IOException {
    try (InputStream in = Files.newInputStream(Path.of("target", "classes", "module-info.class"))) {
      return ModuleDescriptor.read(in).exports().stream()
          .map(ModuleDescriptor.Exports::source)
          .collect(Collectors.toSet());
    }
  }

  private static boolean isVisible(JavaClass type) {
    return !type.getSimpleName().equals("package-info")
        && type.getModifiers().contains(JavaModifier.PUBLIC)
        && type.getEnclosingClass().map(PublicTypesTest::isVisible).orElse(true);
  }

  private static List<String> listed() throws IOException {
    try (InputStream in = PublicTypesTest.class.getResourceAsStream(LIST)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().sorted().toList();
    }
  }

  @Test
  void theLibraryHasNoDependencyToRunOrCompileWith() throws Exception {
    Map<String, String> managed = new HashMap<>();
    for (Element e : dependencies(parse(Path.of("..", "pom.xml")))) {
      managed.put(text(e, "artifactId"), scope(e));
    }
    var needed = new ArrayList<String>();
    List<Element> all = dependencies(parse(Path.of("pom.xml")));
    for (Element e : all) {
      String artifact = text(e, "artifactId");
      String own = scope(e);
      String scope = own.isEmpty() ? managed.getOrDefault(artifact, "") : own;
      if (!scope.equals("test") && !scope.equals("provided")) {
        needed.add(artifact);
      }
    }
    assertThat(all).as("the dependencies that this test should have read").isNotEmpty();
    assertThat(needed).as("dependencies of scope compile or runtime").isEmpty();
  }

  private static Document parse(Path pom) throws Exception {
    return DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(pom.toFile());
  }

  private static List<Element> dependencies(Document pom) {
    var list = new ArrayList<Element>();
    var nodes = pom.getElementsByTagName("dependency");
    for (int i = 0; i < nodes.getLength(); i++) {
      list.add((Element) nodes.item(i));
    }
    return list;
  }

  private static String scope(Element dependency) {
    return text(dependency, "scope");
  }

  private static String text(Element parent, String tag) {
    var nodes = parent.getElementsByTagName(tag);
    return nodes.getLength() == 0 ? "" : nodes.item(0).getTextContent().strip();
  }
}
