package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.constant.ConstantDescs;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Calendar;
import java.util.Collections;
import java.util.Date;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.namespace.QName;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ConversionTest {
  private record Node(String name, Map<?, ?> links, List<Object> kids) {}

  private record Holds(Object value) {}

  /** A bean: its property is read by a getter. */
  @SuppressWarnings("unused") // called by the writer of JSON
  public static final class Gone {
    public String getName() {
      throw new IllegalStateException("gone");
    }
  }

  private static void hasNoJson(Object result, String why) {
    assertThatThrownBy(() -> Rendering.text(result))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "the result, a " + result.getClass().getName() + ", cannot be written as JSON: " + why)
        .satisfies(e -> assertThat(ThrownText.of(e)).doesNotContain("jackson", "reflect"));
  }

  @Test
  void whyAResultHasNoJsonIsSaidInWordsOfTheResult() {
    Map<@Nullable Object, Object> nullKey = new HashMap<>();
    nullKey.put(null, 1);
    hasNoJson(nullKey, "a key is null in the map.");
    hasNoJson(new Node("n", nullKey, List.of()), "a key is null in the map at .links.");
    List<Object> self = new ArrayList<>();
    self.add(self);
    hasNoJson(self, "the value at [0] contains itself.");
    hasNoJson(
        new Node("n", Map.of("a b", self), List.of()),
        "the value at .links[\"a b\"][0] contains itself.");
    List<Object> kids = new ArrayList<>();
    kids.add(1);
    kids.add(new Node("n", Map.of(), kids));
    hasNoJson(List.of(kids), "the value at [0][1].kids contains itself.");
    Object deep = 1;
    for (int i = 0; i < 5000; i++) {
      deep = List.of(deep);
    }
    hasNoJson(deep, "its values are nested more than 990 deep.");
    hasNoJson(new Holds(new Gone()), "reading it failed at .value.name.");
    assertThatThrownBy(() -> Rendering.text(new Holds(new Gone())))
        .satisfies(e ->
            assertThat(ThrownText.of(e))
                .contains("caused by: java.lang.IllegalStateException: gone"));
  }

  record Bill(String id, List<Integer> cents, boolean isPaid) {
    @SuppressWarnings("unused") // a helper, which must not be called
    public int getFirst() {
      return cents.getFirst();
    }

    @SuppressWarnings("unused")
    public boolean isEmpty() {
      return cents.isEmpty();
    }
  }

  @Test
  void theJsonOfARecordIsItsComponentsAndNothingElse() {
    assertThat(Rendering.text(new Bill("a", List.of(), true)))
        .isEqualTo("{\"id\":\"a\",\"cents\":[],\"isPaid\":true}");
  }

  private record Renamed(@JsonProperty("of") String item) {
    @JsonProperty
    @SuppressWarnings("unused") // called by the writer of JSON
    int length() {
      return item.length();
    }
  }

  @Test
  void aRecordWhoseAnnotationsAskForMoreShowsThat() {
    assertThat(Rendering.text(new Renamed("abc"))).isEqualTo("{\"of\":\"abc\",\"length\":3}");
  }

  @Test
  void aValueOfXmlHasTheSameTextAloneAndWithinOthers() throws Exception {
    Object date =
        DatatypeFactory.newInstance().newXMLGregorianCalendar("2020-01-02T03:04:05+02:00");
    Object element =
        DocumentBuilderFactory.newInstance().newDocumentBuilder().newDocument().createElement("a");
    for (Object value : List.of(date, element, new QName("urn:x", "y"))) {
      assertThat(Rendering.text(value)).isEqualTo(value.toString());
      assertThat(Rendering.text(List.of(value))).isEqualTo("[\"" + value + "\"]");
      assertThat(Rendering.text(Map.of(value, 1))).isEqualTo("{\"" + value + "\":1}");
    }
  }

  /** Two properties of one name. */
  @SuppressWarnings({"unused", "checkstyle:MethodName"}) // called by the writer of JSON
  public static final class Twice {
    public String getURL() {
      return "a";
    }

    public String geturl() {
      return "b";
    }
  }

  private static Map<Object, Object> keys(Object... keys) {
    var map = new LinkedHashMap<Object, Object>();
    for (Object key : keys) {
      map.put(key, map.size());
    }
    return map;
  }

  /** A reader of JSON would keep one of the values, and drop the others without a word. */
  @Test
  void aMapWhoseKeysHaveTheSameTextHasNoJson() {
    hasNoJson(keys(1, "1"), "two keys have the text \"1\" in the map.");
    hasNoJson(keys(1, 2L, 1L), "two keys have the text \"1\" in the map.");
    hasNoJson(keys(Double.NaN, "NaN"), "two keys have the text \"NaN\" in the map.");
    hasNoJson(keys(Colour.RED, "RED"), "two keys have the text \"RED\" in the map.");
    hasNoJson(keys(new Money(), "5 EUR"), "two keys have the text \"5 EUR\" in the map.");
    hasNoJson(
        new Node("n", Map.of("a b", List.of(0, keys(1, "1"))), List.of()),
        "two keys have the text \"1\" in the map at .links[\"a b\"][1].");
    assertThatThrownBy(() -> Rendering.jsonOf(keys(1, "1")))
        .hasMessageContaining("two keys have the text \"1\" in the map.");
    assertThatThrownBy(() -> Rendering.text(new Holds(new Twice())))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("cannot be written as JSON")
        .hasMessageContaining(".value");
    assertThat(Rendering.text(keys(1, "2", Double.NaN, Colour.RED, keys())))
        .isEqualTo("{\"1\":0,\"2\":1,\"NaN\":2,\"RED\":3,\"{}\":4}");
    assertThat(Rendering.text(List.of(keys(1), keys("1")))).isEqualTo("[{\"1\":0},{\"1\":0}]");
  }

  record Order(String id) {}

  enum Colour {
    RED
  }

  record Row(Path file, LocalDate day, Optional<String> note, List<Integer> counts) {}

  @Test
  void textBecomesWhatTheFunctionTakes() {
    assertThat(ItemParser.of(String.class).parse(" a ")).isEqualTo(" a ");
    assertThat(ItemParser.of(Path.class).parse("a/b")).isEqualTo(Path.of("a/b"));
    assertThat(ItemParser.of(URI.class).parse("http://x")).isEqualTo(URI.create("http://x"));
    assertThat(ItemParser.of(boolean.class).parse(" True ")).isEqualTo(true);
    assertThat(ItemParser.of(Boolean.class).parse("false")).isEqualTo(false);
    assertThatThrownBy(() -> ItemParser.of(Boolean.class).parse("maybe"))
        .hasMessage("\"maybe\" cannot become a Boolean: it is neither true nor false");
    assertThat(ItemParser.of(int.class).parse("7")).isEqualTo(7);
    assertThat(ItemParser.of(Long.class).parse("7")).isEqualTo(7L);
    assertThat(ItemParser.of(double.class).parse("7.5")).isEqualTo(7.5);
    assertThat(ItemParser.of(BigInteger.class).parse("7")).isEqualTo(BigInteger.valueOf(7));
    assertThat(ItemParser.of(Duration.class).parse("PT1S")).isEqualTo(Duration.ofSeconds(1));
    assertThat(ItemParser.of(Colour.class).parse("RED")).isEqualTo(Colour.RED);
    assertThat(ItemParser.of(Order.class).parse("7")).isEqualTo(new Order("7"));
    assertThat(ItemParser.canParse(String[].class)).isFalse();
    assertThat(ItemParser.canParse(Runnable.class)).isFalse();
  }

  @Test
  void whatCannotBecomeItIsRefusedByName() {
    assertThatThrownBy(() -> ItemParser.of(int.class).parse("x"))
        .hasMessage("\"x\" cannot become an int");
    assertThatThrownBy(() -> ItemParser.of(Colour.class).parse("BLUE"))
        .hasMessageContaining("\"BLUE\" cannot become a Colour");
    assertThatThrownBy(() -> ItemParser.of(Month.class).parse("13"))
        .hasMessage("\"13\" cannot become a Month: month must be 1 to 12");
    assertThatThrownBy(() -> ItemParser.of(Month.class).parse(""))
        .hasMessage("\"\" cannot become a Month: java.lang.IllegalStateException");
    assertThatThrownBy(() -> ItemParser.of(Month.class).parse("huge"))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("of the constructor");
  }

  /** Its constructor throws what constructors of users throw. */
  record Month(String text) {
    Month {
      switch (text) {
        case "" -> throw new IllegalStateException();
        case "huge" -> throw new OutOfMemoryError("of the constructor");
        default -> throw new NumberFormatException("month must be 1 to 12");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:a.txt", "file://host/share/x", "file:///x?y", "file:///x#y"})
  void aUriThatIsNoFileHereIsAnItemAllTheSame(String text) {
    assertThat(ItemParser.of(URI.class).parse(text)).isEqualTo(URI.create(text));
  }

  /** It has nothing to show but its text. */
  private static final class Money {
    @Override
    public String toString() {
      return "5 EUR";
    }
  }

  /** It has a property, and its text says less. */
  @SuppressWarnings({"EffectivelyPrivate", "UnusedMethod"}) // found by its name
  private static final class Point {
    public int getX() {
      return 3;
    }
  }

  private record Price(String item, Money money) {}

  private record Nothing() {}

  @Test
  void whatHasNoPropertiesIsItsTextWithinOthersToo() {
    assertThat(Rendering.text(new Money())).isEqualTo("5 EUR");
    assertThat(Rendering.text(new Price("tea", new Money())))
        .isEqualTo("{\"item\":\"tea\",\"money\":\"5 EUR\"}");
    assertThat(Rendering.text(List.of(new Point()))).isEqualTo("[{\"x\":3}]");
    assertThat(Rendering.text(new Nothing())).isEqualTo("{}");
    assertThat(Rendering.text(List.of(BitSet.valueOf(new long[] {5})))).isEqualTo("[\"{0, 2}\"]");
    assertThat(Rendering.text(List.of(ZoneId.of("Europe/Berlin"))))
        .isEqualTo("[\"Europe/Berlin\"]");
    assertThat(Rendering.text(Arrays.asList(OptionalInt.of(3), OptionalInt.empty())))
        .isEqualTo("[3,null]");
  }

  /** A number, as of a library, whose text is none. */
  private static final class Fraction extends Number {
    @Serial private static final long serialVersionUID = 1L;

    @Override
    public int intValue() {
      return 0;
    }

    @Override
    public long longValue() {
      return 0;
    }

    @Override
    public float floatValue() {
      return 0.5f;
    }

    @Override
    public double doubleValue() {
      return 0.5;
    }

    @Override
    public String toString() {
      return "1/2";
    }
  }

  /** Shows nothing but its text, as classes of Kotlin's, which all bear an annotation. */
  @Retention(RetentionPolicy.RUNTIME)
  private @interface Mark {}

  @Mark
  private static final class Marked {
    @Override
    public String toString() {
      return "marked";
    }
  }

  private static final class Given implements Supplier<String> {
    @Override
    public String get() {
      return "";
    }

    @Override
    public String toString() {
      return "given";
    }
  }

  private static final Object NOTHING = new Object();

  private enum Size {
    SMALL;

    @Override
    public String toString() {
      return "small";
    }
  }

  private record Tree(String json) implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of(json).iterator();
    }
  }

  @SuppressWarnings("JavaUtilDate") // old programs return them
  private static Stream<Arguments> values() {
    var sum = new DoubleAdder();
    sum.add(Double.NaN);
    return Stream.of(
        value(() -> new Date(1), "\"1970-01-01T00:00:00.001Z\""),
        value(() -> new java.sql.Timestamp(1), "\"1970-01-01T00:00:00.001Z\""),
        value(() -> java.sql.Date.valueOf("2020-01-02"), "\"2020-01-02\""),
        value(() -> new Calendar.Builder().setInstant(0).build(), "\"1970-01-01T00:00:00Z\""),
        value(() -> TimeZone.getTimeZone("UTC"), "\"UTC\""),
        value(() -> String.class, "\"java.lang.String\""),
        value(() -> new byte[] {1, 2, 3}, "\"AQID\""),
        value(() -> ByteBuffer.wrap(new byte[] {0, 1, 2, 3}).position(1), "\"AQID\""),
        value(() -> ByteBuffer.allocateDirect(1), "\"AA==\""),
        value(() -> new char[] {'a', 'b'}, "\"ab\""),
        value(() -> Map.entry("a", 1), "{\"a\":1}"),
        value(() -> new AbstractMap.SimpleEntry<>("a", List.of()), "{\"a\":[]}"),
        value(() -> List.of(1, 2).iterator(), "[1,2]"),
        value(() -> (Iterable<Integer>) () -> List.of(1, 2).iterator(), "[1,2]"),
        value(() -> Stream.of("a", 1), "[\"a\",1]"),
        value(() -> IntStream.range(0, 3), "[0,1,2]"),
        value(() -> Collections.enumeration(List.of(1)), "[1]"),
        value(() -> new Tree("x"), "{\"json\":\"x\"}"),
        value(() -> OptionalInt.of(3), "3"),
        value(() -> OptionalDouble.of(1.5), "1.5"),
        value(() -> Optional.of(new Date(0)), "\"1970-01-01T00:00:00Z\""),
        value(() -> new AtomicReference<>(new Order("7")), "{\"id\":\"7\"}"),
        value(() -> new AtomicReference<>(), "null"),
        value(() -> new AtomicBoolean(true), "true"),
        value(() -> new AtomicInteger(7), "7"),
        value(Fraction::new, "\"1/2\""),
        value(() -> sum, "\"NaN\""),
        value(() -> Size.SMALL, "\"small\""),
        value(Marked::new, "\"marked\""),
        value(Given::new, "\"given\""),
        value(() -> NOTHING, "\"" + NOTHING + "\""),
        value(() -> new SQLException("why"), "\"java.sql.SQLException: why\""),
        value(InetAddress::getLoopbackAddress, "\"" + InetAddress.getLoopbackAddress() + "\""),
        value(() -> Path.of("a/b"), "\"a/b\""),
        // classes whose getters nobody may call
        value(() -> MemorySegment.NULL, "\"" + MemorySegment.NULL + "\""),
        value(() -> ConstantDescs.CD_int, "\"" + ConstantDescs.CD_int + "\""),
        value(() -> ownerOf(Path.of(".")), "\"" + ownerOf(Path.of(".")) + "\""));
  }

  private static Object ownerOf(Path path) {
    try {
      return Files.getOwner(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Arguments value(Supplier<Object> value, String json) {
    return Arguments.of(value, json);
  }

  @ParameterizedTest
  @MethodSource("values")
  void aValueHasOneTextAloneAndWithinOthers(Supplier<Object> value, String json) {
    assertThat(Rendering.jsonOf(value.get())).as("alone, as JSON").isEqualTo(json);
    assertThat(Rendering.text(value.get()))
        .as("alone")
        .isEqualTo(json.startsWith("\"") ? json.substring(1, json.length() - 1) : json);
    assertThat(Rendering.text(new Holds(value.get())))
        .as("in a record")
        .isEqualTo("{\"value\":" + json + "}");
    assertThat(Rendering.text(Map.of("k", value.get()))).isEqualTo("{\"k\":" + json + "}");
    String key = json.startsWith("\"") ? json : "\"" + json.replace("\"", "\\\"") + "\"";
    assertThat(Rendering.text(Map.of(value.get(), 1))).isEqualTo("{" + key + ":1}");
  }

  @Test
  void anObjectThatSaysItselfWhatItsTextIsHasThatText() {
    var own =
        new Iterable<String>() {
          @Override
          public Iterator<String> iterator() {
            return List.of("x").iterator();
          }

          @Override
          public String toString() {
            return "own";
          }
        };
    assertThat(Rendering.text(own)).isEqualTo("own");
    assertThat(Rendering.text(Optional.empty())).isEmpty();
    assertThat(Rendering.text(OptionalInt.empty())).isEmpty();
    assertThat(Rendering.text(new Object())).startsWith("java.lang.Object@");
  }

  @Test
  void resultsReadAsPeopleWriteThem() {
    assertThat(Rendering.text("a \"b\"")).isEqualTo("a \"b\"");
    assertThat(Rendering.text(7)).isEqualTo("7");
    assertThat(Rendering.text(null)).isEqualTo("null");
    assertThat(Rendering.text(Path.of("a"))).isEqualTo("a");
    assertThat(Rendering.text(new int[] {1, 2})).isEqualTo("[1,2]");
    assertThat(Rendering.text(Map.of("k", List.of(1)))).isEqualTo("{\"k\":[1]}");
    assertThat(
            Rendering.text(
                new Row(Path.of("a"), LocalDate.of(2026, 1, 2), Optional.empty(), List.of(1))))
        .isEqualTo("{\"file\":\"a\",\"day\":\"2026-01-02\",\"note\":null,\"counts\":[1]}");
  }

  @Test
  void durationsReadAsPeopleWriteThem() throws Exception {
    assertThat(new DurationParser().convert("5s")).isEqualTo(Duration.ofSeconds(5));
    assertThat(new DurationParser().convert("1.5m")).isEqualTo(Duration.ofSeconds(90));
    assertThat(new DurationParser().convert("250ms")).isEqualTo(Duration.ofMillis(250));
    for (String wrong : List.of("5", "0s", "-1s", "s", "5 parsecs")) {
      assertThatThrownBy(() -> new DurationParser().convert(wrong))
          .isInstanceOf(TypeConversionException.class)
          .hasMessageContaining(wrong);
    }
  }

  @Test
  void aDurationBeyondTheRangeIsRefusedAndNeverWraps() throws Exception {
    assertThat(new DurationParser().convert("100000h")).isEqualTo(Duration.ofHours(100_000));
    assertThat(new DurationParser().convert("0.5ms")).isEqualTo(Duration.ofNanos(500_000));
    for (String wrong :
        List.of(
            "18446744074s",
            "9999999h",
            "9223372036855ms",
            "5124095576030432h",
            "100000.001h",
            "9".repeat(1_000_000) + "s",
            "0.0000000001ms")) {
      assertThatThrownBy(() -> new DurationParser().convert(wrong))
          .isInstanceOf(TypeConversionException.class)
          .hasMessageContaining("from 0.000001ms to 100000h")
          .hasMessageContaining(wrong.substring(0, Math.min(30, wrong.length())));
    }
  }

  @Test
  void aHeapBeyondTheRangeIsRefusedAndNeverWraps() {
    assertThat(new HeapParser().convert("512m")).isEqualTo("512m");
    assertThat(new HeapParser().convert("16384G")).isEqualTo("16384G");
    for (String wrong : List.of("9999999999g", "99999999999g", "16385g", "1m", "0", "1")) {
      assertThatThrownBy(() -> new HeapParser().convert(wrong))
          .isInstanceOf(TypeConversionException.class)
          .hasMessageContaining("--heap must be from 2m to 16384g, got \"" + wrong);
    }
    for (String wrong : List.of("-5m", "1.5g", "512 m", "m", "512t", "9".repeat(30))) {
      assertThatThrownBy(() -> new HeapParser().convert(wrong))
          .isInstanceOf(TypeConversionException.class)
          .hasMessageContaining("such as 512m");
    }
  }

  @Test
  void progressSaysHowMuchIsLeft() {
    assertThat(Progress.figures(50, 2, 0, 100, 10))
        .isEqualTo("50 of 100, 5.00/s, about 10 s left, 2 failed");
    assertThat(Progress.figures(7, 0, 0, -1, 14)).isEqualTo("7, 2.000 s each, 14 s");
    assertThat(Progress.figures(0, 0, 3, 5, 6)).isEqualTo("0 of 5, 6 s, 3 wait for a retry");
  }

  @Test
  void timesAndSizesThatAreSmallAreNotShownAsNothing() {
    assertThat(Words.limit(Duration.ofNanos(500_000))).isEqualTo("0.5 ms");
    assertThat(Words.limit(Duration.ofNanos(1))).isEqualTo("0.000001 ms");
    assertThat(Words.limit(Duration.ofMillis(1_250))).isEqualTo("1250 ms");
    assertThat(Words.limit(Duration.ofSeconds(5))).isEqualTo("5 s");
    assertThat(Words.seconds(3e-7)).isEqualTo("300 ns");
    assertThat(Words.seconds(4.2e-5)).isEqualTo("42 us");
    assertThat(Words.bytes(400)).isEqualTo("400 bytes");
    assertThat(Words.bytes(1_600)).isEqualTo("2 kB");
  }

  @Test
  void aPauseMayBeNone() {
    for (String none : List.of("0", "0s", "0ms")) {
      assertThat(new PauseParser().convert(none)).isEqualTo(Duration.ZERO);
    }
    assertThat(new PauseParser().convert("1.5m")).isEqualTo(Duration.ofSeconds(90));
    assertThatThrownBy(() -> new PauseParser().convert("1"))
        .isInstanceOf(TypeConversionException.class);
  }

  @Test
  void aTypingErrorIsUnderstood() {
    assertThat(Suggestion.of("--wrokers", List.of("--workers", "--lines"))).contains("--workers");
    assertThat(Suggestion.of("--something", List.of("--workers", "--lines"))).isEmpty();
    assertThat(Suggestion.of("-0x", List.of("-0", "-h"))).contains("-0");
    assertThat(Suggestion.of("-5", List.of("-0", "-h"))).as("another letter").isEmpty();
  }
}
