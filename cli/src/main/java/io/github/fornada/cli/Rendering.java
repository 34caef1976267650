package io.github.fornada.cli;

import com.fasterxml.jackson.annotation.JsonGetter;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerationException;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationConfig;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.cfg.SerializerFactoryConfig;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.BeanPropertyWriter;
import com.fasterxml.jackson.databind.ser.BeanSerializerFactory;
import com.fasterxml.jackson.databind.ser.BeanSerializerModifier;
import com.fasterxml.jackson.databind.ser.SerializerFactory;
import com.fasterxml.jackson.databind.ser.impl.UnknownSerializer;
import com.fasterxml.jackson.databind.ser.impl.UnsupportedTypeSerializer;
import com.fasterxml.jackson.databind.ser.std.BeanSerializerBase;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import com.fasterxml.jackson.databind.type.TypeFactory;
import java.io.File;
import java.io.IOException;
import java.io.Serial;
import java.lang.reflect.RecordComponent;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalAmount;
import java.util.Arrays;
import java.util.Base64;
import java.util.Calendar;
import java.util.Collection;
import java.util.Collections;
import java.util.Date;
import java.util.Enumeration;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.DoubleAccumulator;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.BaseStream;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Converts a result to text: text, numbers and similar values as they are; what contains others (a
 * record, map, list, array, entry, iterator or stream) as one line of JSON; bytes as Base64;
 * anything else by its {@code toString}. A value has the same text alone, as a key, and within
 * others, but for an object of a user's class with getters: within others it is an object of JSON.
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
    Object value = value(result);
    return switch (value) {
      case null -> result == null || result instanceof AtomicReference<?> ? "null" : "";
      case String text -> text;
      case Object o when containsOthers(o) -> json(o);
      default -> String.valueOf(value.toString());
    };
  }

  /**
   * Returns the JSON of a result: numbers and truth values as they are, what contains others as
   * {@link #text} has it, anything else as a string.
   */
  static String jsonOf(@Nullable Object result) {
    Object value = value(result);
    return switch (value) {
      case null -> "null";
      case Number n when isOfJava(n.getClass()) -> json(n);
      case Boolean b -> b.toString();
      case AtomicBoolean b -> b.toString();
      case Object o when containsOthers(o) -> json(o);
      default -> json(String.valueOf(value.toString()));
    };
  }

  /**
   * Returns what a result stands for: the value in an optional or a reference, null if there is
   * none; the text of a value whose {@code toString} says little of it; any other as it is.
   */
  private static @Nullable Object value(@Nullable Object result) {
    return switch (result) {
      case null -> null;
      case Optional<?> optional -> value(optional.orElse(null));
      case AtomicReference<?> reference -> value(reference.get());
      case OptionalInt n -> n.isPresent() ? n.getAsInt() : null;
      case OptionalLong n -> n.isPresent() ? n.getAsLong() : null;
      case OptionalDouble n -> n.isPresent() ? n.getAsDouble() : null;
      default -> {
        String text = textOf(result);
        yield text == null ? result : text;
      }
    };
  }

  /**
   * Returns the text of a value whose {@code toString} says little of it, as JSON has it within
   * others too; null for any other value.
   */
  private static @Nullable String textOf(Object value) {
    return switch (value) {
      case Date date -> momentOf(date);
      case Calendar calendar -> calendar.toInstant().toString();
      case TimeZone zone -> zone.getID();
      case Class<?> type -> type.getName();
      case byte[] bytes -> Base64.getEncoder().encodeToString(bytes);
      case ByteBuffer bytes -> {
        ByteBuffer own = bytes.duplicate(); // its position is the task's
        byte[] content = new byte[own.remaining()];
        own.get(content);
        yield Base64.getEncoder().encodeToString(content);
      }
      case char[] chars -> new String(chars);
      default -> null;
    };
  }

  /** Returns the text of a value that JSON has as one. */
  private static String wordsOf(Object value) {
    String text = textOf(value);
    return text == null ? String.valueOf(value.toString()) : text;
  }

  /** Returns the moment, as an {@code Instant} tells it; a day or a time of SQL is none. */
  @SuppressWarnings("JavaUtilDate") // of a task's
  private static String momentOf(Date date) {
    try {
      return date.toInstant().toString();
    } catch (UnsupportedOperationException e) {
      return date.toString();
    }
  }

  private static boolean containsOthers(Object value) {
    return switch (value) {
      case Record _, Map<?, ?> _, Collection<?> _, Map.Entry<?, ?> _ -> true;
      case Path _, Throwable _ -> false; // some are Iterables, of less than they say
      case Iterable<?> _, Iterator<?> _, Enumeration<?> _, BaseStream<?, ?> _ -> !hasOwnText(value);
      default -> value.getClass().isArray();
    };
  }

  /** Returns whether the class of a value is the user's, and says itself what its text is. */
  private static boolean hasOwnText(Object value) {
    try {
      Class<?> says = value.getClass().getMethod("toString").getDeclaringClass();
      return says != Object.class && !isOfJdk(says);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e); // every object has one
    }
  }

  private static boolean isOfJdk(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    return loader == null || loader.equals(ClassLoader.getPlatformClassLoader());
  }

  /** Returns whether a class of numbers is one whose text is a number. */
  private static boolean isOfJava(Class<?> type) {
    return type.getName().startsWith("java.");
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
              // Only a value that is its own property would be found so; the depth finds all.
              .disable(SerializationFeature.FAIL_ON_SELF_REFERENCES)
              .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
              .build();
      mapper.setSerializerFactory(new Serializers(new SerializerFactoryConfig()));
      mapper.registerModule(module());
      mapper.getSerializerProvider().setNullKeySerializer(new NullKeySerializer());
      return mapper;
    }

    /** Writes values as they are alone, rather than as URIs, milliseconds and inner fields. */
    private static SimpleModule module() {
      var module = new SimpleModule();
      for (Class<?> type :
          List.of(
              Path.class,
              File.class,
              TemporalAccessor.class,
              TemporalAmount.class,
              Throwable.class,
              InetAddress.class,
              InetSocketAddress.class)) {
        module.addSerializer(type, ToStringSerializer.instance);
      }
      for (Class<?> type : List.of(Date.class, Calendar.class)) {
        module.addSerializer(type, new TextSerializer());
      }
      module.addSerializer(new StreamSerializer());
      module.addSerializer(new EnumerationSerializer());
      module.addSerializer(new OptionalSerializer());
      module.setSerializerModifier(new TextOfOthers());
      return module;
    }
  }

  /**
   * Writes by its text what is a class of the JDK's of which Jackson knows nothing but its getters:
   * many of them cannot even be called. A key is the text that it is alone.
   */
  private static final class Serializers extends BeanSerializerFactory {
    @Serial private static final long serialVersionUID = 1L;

    Serializers(SerializerFactoryConfig config) {
      super(config);
    }

    @Override
    public SerializerFactory withConfig(SerializerFactoryConfig config) {
      return new Serializers(config);
    }

    @Override
    @SuppressWarnings("unchecked") // Jackson's serializers have their type by their own word
    protected JsonSerializer<Object> constructBeanOrAddOnSerializer(
        SerializerProvider provider,
        JavaType type,
        BeanDescription description,
        boolean staticTyping)
        throws JsonMappingException {
      Class<?> raw = type.getRawClass();
      if (!isOfJdk(raw)) {
        return ofBean(raw, provider, type, description, staticTyping);
      }
      JsonSerializer<?> known =
          findSerializerByAddonType(provider.getConfig(), type, description, staticTyping);
      return known == null ? new TextSerializer() : (JsonSerializer<Object>) known;
    }

    /** Has no other form for what JDK modules define, such as a date of XML as milliseconds. */
    @Override
    protected @Nullable JsonSerializer<?> findOptionalStdSerializer(
        SerializerProvider provider,
        JavaType type,
        BeanDescription description,
        boolean staticTyping) {
      return null;
    }

    /** Returns what writes a class of the user's: its text where it has no properties to show. */
    private JsonSerializer<Object> ofBean(
        Class<?> raw,
        SerializerProvider provider,
        JavaType type,
        BeanDescription description,
        boolean staticTyping)
        throws JsonMappingException {
      JsonSerializer<Object> own =
          super.constructBeanOrAddOnSerializer(provider, type, description, staticTyping);
      // Jackson has one without properties for what bears any annotation.
      boolean isEmpty =
          own instanceof BeanSerializerBase bean
              && !bean.properties().hasNext()
              && description.findAnyGetter() == null
              && !raw.isRecord();
      return isEmpty ? new TextSerializer() : own;
    }

    @Override
    public JsonSerializer<Object> createKeySerializer(
        SerializerProvider provider, JavaType type, @Nullable JsonSerializer<Object> standard) {
      return new TextKeySerializer();
    }
  }

  /**
   * Writes by its {@code toString} what has no properties, which would be <code>{}</code>; and of a
   * record its components, and no getter that is none.
   */
  private static final class TextOfOthers extends BeanSerializerModifier {
    @Serial private static final long serialVersionUID = 1L;

    @Override
    public List<BeanPropertyWriter> changeProperties(
        SerializationConfig config,
        BeanDescription description,
        List<BeanPropertyWriter> properties) {
      Class<?> type = description.getBeanClass();
      if (!type.isRecord()) {
        return properties;
      }
      Set<String> components =
          Arrays.stream(type.getRecordComponents())
              .map(RecordComponent::getName)
              .collect(Collectors.toSet());
      return properties.stream()
          .filter(property ->
              components.contains(property.getName())
                  || components.contains(property.getMember().getName())
                  || isAskedFor(property))
          .toList();
    }

    /** Returns whether the user's own annotation makes it a property. */
    private static boolean isAskedFor(BeanPropertyWriter property) {
      return property.getAnnotation(JsonProperty.class) != null
          || property.getAnnotation(JsonGetter.class) != null;
    }

    @Override
    public JsonSerializer<?> modifySerializer(
        SerializationConfig config, BeanDescription description, JsonSerializer<?> serializer) {
      Class<?> type = description.getBeanClass();
      boolean unknown =
          serializer instanceof UnknownSerializer
              || serializer instanceof UnsupportedTypeSerializer
              || isOddNumber(type);
      return unknown ? new TextSerializer() : serializer;
    }

    /** Returns whether the text of a number need not be a number of JSON's. */
    private static boolean isOddNumber(Class<?> type) {
      return Number.class.isAssignableFrom(type)
          && (!isOfJava(type) || type == DoubleAdder.class || type == DoubleAccumulator.class);
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
        case DoubleAdder sum -> out.writeNumber(sum.sum());
        case DoubleAccumulator sum -> out.writeNumber(sum.get());
        default -> out.writeString(wordsOf(value));
      }
    }
  }

  /** Writes the text of a key. */
  private static final class TextKeySerializer extends StdSerializer<Object> {
    @Serial private static final long serialVersionUID = 1L;

    TextKeySerializer() {
      super(Object.class);
    }

    @Override
    public void serialize(Object key, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeFieldName(plain(key));
    }
  }

  /** Writes what a stream has left as a list. */
  private static final class StreamSerializer extends StdSerializer<BaseStream<?, ?>> {
    @Serial private static final long serialVersionUID = 1L;

    StreamSerializer() {
      super(TypeFactory.defaultInstance().constructType(BaseStream.class));
    }

    @Override
    public void serialize(BaseStream<?, ?> value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      try (value) {
        writeAll(value.iterator(), out);
      }
    }
  }

  /** Writes what an enumeration has left as a list. */
  private static final class EnumerationSerializer extends StdSerializer<Enumeration<?>> {
    @Serial private static final long serialVersionUID = 1L;

    EnumerationSerializer() {
      super(TypeFactory.defaultInstance().constructType(Enumeration.class));
    }

    @Override
    public void serialize(Enumeration<?> value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      writeAll(value.asIterator(), out);
    }
  }

  private static void writeAll(Iterator<?> values, JsonGenerator out) throws IOException {
    out.writeStartArray();
    while (values.hasNext()) {
      out.writePOJO(values.next());
    }
    out.writeEndArray();
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
