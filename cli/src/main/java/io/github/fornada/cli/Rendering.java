package io.github.fornada.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
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
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A result as text: text, numbers and the like as they are; records, maps, lists and arrays as one
 * line of JSON; anything else by its {@code toString}.
 */
final class Rendering {
  private Rendering() {}

  /** The text of a result; a result that holds others is one line of JSON. */
  static String text(@Nullable Object result) {
    return switch (result) {
      case Optional<?> optional -> optional.isPresent() ? text(optional.get()) : "";
      case Record r -> json(r);
      case Map<?, ?> m -> json(m);
      case Collection<?> c -> json(c);
      case Object o when o.getClass().isArray() -> json(o);
      case null -> "null";
      default -> result.toString();
    };
  }

  /** Anything as one line of JSON. */
  static String json(Object value) {
    try {
      return Json.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(
          "the result, a "
              + value.getClass().getName()
              + ", cannot be written as JSON: "
              + e.getOriginalMessage(),
          e);
    }
  }

  /** Loaded only where there is JSON to write. */
  private static final class Json {
    private static final ObjectMapper MAPPER =
        JsonMapper.builder()
            .addModule(module())
            .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .build();

    /** Paths, files and times as their own text, rather than as URIs and inner fields. */
    private static SimpleModule module() {
      var module = new SimpleModule();
      for (Class<?> type :
          List.of(Path.class, File.class, TemporalAccessor.class, TemporalAmount.class)) {
        module.addSerializer(type, ToStringSerializer.instance);
      }
      module.addSerializer(new OptionalSerializer());
      return module;
    }
  }

  /** An optional as its value, or null. */
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
