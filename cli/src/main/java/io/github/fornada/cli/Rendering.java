package io.github.fornada.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerationException;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationConfig;
import com.fasterxml.jackson.databind.SerializationFeature;
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
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
      throw Unwritten.because(value, e);
    } catch (StackOverflowError e) { // its frames are the writer's
      throw Unwritten.of(value, "it contains itself, or is nested too deep", null);
    }
  }

  /** Says why there is no JSON of a result, in words of the result, not of the writer's. */
  private static final class Unwritten {
    /** So much of a place is told: what contains itself has one without end. */
    private static final int MOST_STEPS = 6;

    private static final int MOST_OF_NAME = 60;

    private static final Pattern NAME = Pattern.compile("[\\p{L}_$][\\p{L}\\p{N}_$]*");

    /** What the writer says of a name that its object has already. */
    private static final Pattern TWICE = Pattern.compile("Duplicate field '(.*)'", Pattern.DOTALL);

    private Unwritten() {}

    static IllegalStateException of(Object result, String why, @Nullable Throwable cause) {
      return new IllegalStateException(
          "the result, a "
              + result.getClass().getName()
              + ", cannot be written as JSON: "
              + why
              + ".",
          cause);
    }

    static IllegalStateException because(Object result, JsonProcessingException e) {
      List<Reference> path = e instanceof JsonMappingException m ? m.getPath() : List.of();
      Throwable own = e; // of the user's code, which the writer calls
      while (own instanceof JsonProcessingException && own.getCause() != null) {
        own = own.getCause();
      }
      if (own instanceof StreamConstraintsException || own instanceof StackOverflowError) {
        int again = circle(path);
        return of(
            result,
            again > 0
                ? "the value" + place(path.subList(0, again)) + " contains itself"
                : "its values are nested more than " + Json.MOST_DEPTH + " deep",
            null);
      }
      if (own instanceof NullKeyException) {
        return of(result, "a key is null in the map" + placeOfKey(path, "null"), null);
      }
      Matcher twice = TWICE.matcher(String.valueOf(e.getOriginalMessage()));
      if (own instanceof JsonGenerationException && twice.matches()) {
        String key = twice.group(1);
        boolean inMap = path.isEmpty() || path.getLast().getFrom() instanceof Map<?, ?>;
        return of(
            result,
            (inMap ? "two keys have the text \"" : "two properties have the name \"")
                + shown(key)
                + (inMap ? "\" in the map" : "\"")
                + placeOfKey(path, key),
            null);
      }
      return own instanceof JsonProcessingException
          ? of(result, e.getOriginalMessage() + place(path), null)
          : of(result, "reading it failed" + place(path), own);
    }

    /** Returns the place of what a key belongs to, whose step is the last one. */
    private static String placeOfKey(List<Reference> path, String key) {
      boolean hasKey = !path.isEmpty() && key.equals(path.getLast().getFieldName());
      return place(hasKey ? path.subList(0, path.size() - 1) : path);
    }

    /** Returns how many steps lead to a value that was passed before; 0 if there is none. */
    private static int circle(List<Reference> path) {
      Set<Object> passed = Collections.newSetFromMap(new IdentityHashMap<>());
      for (int i = 0; i < path.size(); i++) {
        Object from = path.get(i).getFrom();
        if (from != null && !passed.add(from)) {
          return i;
        }
      }
      return 0;
    }

    private static String place(List<Reference> path) {
      var text = new StringBuilder();
      for (Reference step : path.subList(0, Math.min(path.size(), MOST_STEPS))) {
        String name = step.getFieldName();
        if (name == null) {
          text.append('[').append(step.getIndex()).append(']');
        } else if (NAME.matcher(name).matches() && name.length() <= MOST_OF_NAME) {
          text.append('.').append(name);
        } else {
          text.append("[\"").append(shown(name)).append("\"]");
        }
      }
      return text.isEmpty() ? "" : " at " + text + (path.size() > MOST_STEPS ? "..." : "");
    }

    private static String shown(String name) {
      return name.length() <= MOST_OF_NAME
          ? name
          : name.substring(0, ThrownText.end(name, MOST_OF_NAME)) + "...";
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
    /** Of a longer place, an exception of Jackson would not have the beginning. */
    static final int MOST_DEPTH = 990;

    private static final ObjectMapper MAPPER = mapper();

    private static ObjectMapper mapper() {
      ObjectMapper mapper =
          JsonMapper.builder(
                  JsonFactory.builder()
                      .streamWriteConstraints(
                          StreamWriteConstraints.builder().maxNestingDepth(MOST_DEPTH).build())
                      // Readers keep one value of a name, and lose the others.
                      .enable(StreamWriteFeature.STRICT_DUPLICATE_DETECTION)
                      .build())
              .addModule(module())
              // Only a value that is its own property would be found so; the depth finds all.
              .disable(SerializationFeature.FAIL_ON_SELF_REFERENCES)
              .build();
      mapper.getSerializerProvider().setNullKeySerializer(new NullKeySerializer());
      return mapper;
    }

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

  /** Refuses the key null, for which JSON has no form: "null" is the text. */
  private static final class NullKeySerializer extends StdSerializer<Object> {
    @Serial private static final long serialVersionUID = 1L;

    NullKeySerializer() {
      super(Object.class);
    }

    @Override
    public void serialize(@Nullable Object key, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      throw new NullKeyException(out);
    }
  }

  private static final class NullKeyException extends JsonMappingException {
    @Serial private static final long serialVersionUID = 1L;

    NullKeyException(JsonGenerator out) {
      super(out, "a key is null");
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
