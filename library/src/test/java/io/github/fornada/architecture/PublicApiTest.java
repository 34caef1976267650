package io.github.fornada.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * Checks what users see: the public signatures, and that there is no dependency. A change here is a
 * decision.
 */
final class PublicApiTest {
  @Test
  void thePublicSignaturesAreThoseListed() throws IOException {
    String difference =
        PublicApi.check(
            Path.of("target", "classes"),
            Path.of("..", "docs", "api", "fornada.txt"),
            System.getProperty("api.update") != null);
    assertThat(difference).withFailMessage(() -> difference).isEmpty();
  }

  @Test
  void theListIsOfThisLibrary() throws IOException {
    assertThat(PublicApi.of(Path.of("target", "classes")))
        .as("an empty list would compare as equal")
        .hasSizeGreaterThan(500)
        .contains("module io.github.fornada", "  exports io.github.fornada");
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
