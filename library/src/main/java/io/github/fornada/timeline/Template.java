package io.github.fornada.timeline;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A page of the report's resources, with placeholders such as <code>{{name}}</code>. */
final class Template {
  private final String text;

  private Template(String text) {
    this.text = text;
  }

  static Template of(String resource) {
    return new Template(read(resource));
  }

  static String read(String resource) {
    try (InputStream in = Template.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(
            "the resource " + resource + " is missing beside " + Template.class.getName());
      }
      // Scripts and styles are hashed as a browser sees them: with line feeds only.
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("the resource " + resource + " cannot be read", e);
    }
  }

  /** Writes the text with each placeholder replaced by its value, which must be HTML already. */
  void write(Appendable out, Map<String, String> values) throws IOException {
    int from = 0;
    for (int open = text.indexOf("{{"); open >= 0; open = text.indexOf("{{", from)) {
      int close = text.indexOf("}}", open);
      String name = text.substring(open + 2, close);
      String value = values.get(name);
      if (value == null) {
        throw new IllegalStateException(
            "the template has the placeholder " + name + ", and no value was given for it");
      }
      out.append(text, from, open).append(value);
      from = close + 2;
    }
    out.append(text, from, text.length());
  }

  String fill(Map<String, String> values) {
    var out = new StringBuilder();
    try {
      write(out, values);
    } catch (IOException e) {
      throw new AssertionError("text in memory cannot fail", e);
    }
    return out.toString();
  }
}
