package io.github.fornada.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationConfig;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.BeanSerializerModifier;
import com.fasterxml.jackson.databind.ser.impl.UnknownSerializer;
import com.fasterxml.jackson.databind.ser.impl.UnsupportedTypeSerializer;
import com.fasterxml.jackson.databind.ser.std.BeanSerializerBase;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import com.fasterxml.jackson.databind.type.TypeFactory;
import java.io.File;
import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalAmount;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Converts a result to text: text, numbers and similar values as they are; records, maps, lists and
 * arrays as one line of JSON; anything else by its {@code toString}.
 */
final class Rendering {
  private Rendering() {}

  /**
   * Returns the text of a result; a result that contains others becomes one line of JSON.
   *
   * @throws IllegalStateException if it cannot be written as UTF-8
   */
  static String text(@Nullable Object result) {
    String text = plain(result);
    int place = unpairedSurrogate(text, 0);
    if (place >= 0) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the result cannot be written as UTF-8: its character %d, U+%04X, is half of a pair",
              place,
              (int) text.charAt(place)));
    }
    return text;
  }

  /** Returns the index of a surrogate without its other half; -1 if there is none. */
  private static int unpairedSurrogate(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (!Character.isHighSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return i;
        }
        i++;
      }
    }
    return -1;
  }

  private static String plain(@Nullable Object result) {
    return switch (result) {
      case Optional<?> optional -> optional.isPresent() ? plain(optional.get()) : "";
      case Record r -> json(r);
      case Map<?, ?> m -> json(m);
      case Collection<?> c -> json(c);
      case Object o when o.getClass().isArray() -> json(o);
      case null -> "null";
      default -> String.valueOf(result.toString());
    };
  }

  /**
   * Returns the JSON of a result: numbers and truth values as they are, what contains others as
   * {@link #text} has it, anything else as a string.
   */
  static String jsonOf(@Nullable Object result) {
    return switch (result) {
      case null -> "null";
      case Optional<?> optional -> jsonOf(optional.orElse(null));
      case Number n when n.getClass().getName().startsWith("java.") -> json(n);
      case Boolean b -> b.toString();
      case Object r
          when r instanceof Record
              || r instanceof Map<?, ?>
              || r instanceof Collection<?>
              || r.getClass().isArray() ->
          json(r);
      default -> json(String.valueOf(result.toString()));
    };
  }

  /** Returns any value as one line of JSON. */
  static String json(Object value) {
    try {
      return escaped(Json.MAPPER.writeValueAsString(value));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(
          "the result, a "
              + value.getClass().getName()
              + ", cannot be written as JSON: "
              + e.getOriginalMessage(),
          e);
    }
  }

  /** Escapes unpaired surrogates, which JSON can represent by their number. */
  private static String escaped(String json) {
    int place = unpairedSurrogate(json, 0);
    if (place < 0) {
      return json;
    }
    var text = new StringBuilder();
    int from = 0;
    while (place >= 0) {
      text.append(json, from, place).append("\\u%04x".formatted((int) json.charAt(place)));
      from = place + 1;
      place = unpairedSurrogate(json, from);
    }
    return text.append(json, from, json.length()).toString();
  }

  /** Loaded only if there is JSON to write. */
  private static final class Json {
    private static final ObjectMapper MAPPER = JsonMapper.builder().addModule(module()).build();

    /** Writes paths, files and times as their own text, rather than as URIs and inner fields. */
    private static SimpleModule module() {
      var module = new SimpleModule();
      for (Class<?> type :
          List.of(Path.class, File.class, TemporalAccessor.class, TemporalAmount.class)) {
        module.addSerializer(type, ToStringSerializer.instance);
      }
      module.addSerializer(new OptionalSerializer());
      module.setSerializerModifier(new TextOfOthers());
      return module;
    }
  }

  /**
   * Writes by its {@code toString} what has no properties, which would be {@code {}}, and what is a
   * class of the JDK's of which Jackson knows nothing but its getters.
   */
  private static final class TextOfOthers extends BeanSerializerModifier {
    @Serial private static final long serialVersionUID = 1L;

    @Override
    public JsonSerializer<?> modifySerializer(
        SerializationConfig config, BeanDescription description, JsonSerializer<?> serializer) {
      Class<?> type = description.getBeanClass();
      boolean unknown =
          serializer instanceof UnknownSerializer
              || serializer instanceof UnsupportedTypeSerializer
              || (serializer instanceof BeanSerializerBase && type.getName().startsWith("java."));
      return unknown && type != Object.class ? new TextSerializer() : serializer;
    }
  }

  /** Writes the text of a value; an optional number as that number, or null. */
  private static final class TextSerializer extends StdSerializer<Object> {
    @Serial private static final long serialVersionUID = 1L;

    TextSerializer() {
      super(Object.class);
    }

    @Override
    public void serialize(Object value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      switch (value) {
        case OptionalInt n -> out.writePOJO(n.isPresent() ? n.getAsInt() : null);
        case OptionalLong n -> out.writePOJO(n.isPresent() ? n.getAsLong() : null);
        case OptionalDouble n -> out.writePOJO(n.isPresent() ? n.getAsDouble() : null);
        default -> out.writeString(String.valueOf(value.toString()));
      }
    }
  }

  /** Writes an optional as its value, or null. */
  private static final class OptionalSerializer extends StdSerializer<Optional<?>> {
    @Serial private static final long serialVersionUID = 1L;

    OptionalSerializer() {
      super(TypeFactory.defaultInstance().constructType(Optional.class));
    }

    @Override
    public void serialize(Optional<?> value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writePOJO(value.orElse(null));
    }
  }
}
