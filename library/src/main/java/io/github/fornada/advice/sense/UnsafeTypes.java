package io.github.fornada.advice.sense;

import java.util.Set;

/** Types of the JDK that are not thread-safe, by internal names. */
final class UnsafeTypes {
  /** Types of which hardly any method may be called by two threads at once. */
  private static final Set<String> ANY_USE =
      Set.of(
          "java/text/SimpleDateFormat",
          "java/text/DateFormat",
          "java/text/NumberFormat",
          "java/text/DecimalFormat",
          "java/text/CompactNumberFormat",
          "java/text/MessageFormat",
          "java/text/ChoiceFormat",
          "java/text/BreakIterator",
          "java/util/Calendar",
          "java/util/GregorianCalendar",
          "java/util/Formatter",
          "java/util/Scanner",
          "java/util/StringTokenizer",
          "java/util/SplittableRandom",
          "java/util/regex/Matcher",
          "java/security/MessageDigest",
          "java/security/Signature",
          "javax/crypto/Cipher",
          "javax/crypto/Mac",
          "javax/crypto/KeyAgreement",
          "javax/xml/parsers/DocumentBuilder",
          "javax/xml/parsers/SAXParser",
          "javax/xml/transform/Transformer",
          "javax/xml/xpath/XPath",
          "javax/xml/xpath/XPathExpression",
          "javax/xml/bind/Marshaller",
          "javax/xml/bind/Unmarshaller",
          "jakarta/xml/bind/Marshaller",
          "jakarta/xml/bind/Unmarshaller",
          "java/nio/charset/CharsetEncoder",
          "java/nio/charset/CharsetDecoder",
          "java/sql/Statement",
          "java/sql/PreparedStatement",
          "java/sql/CallableStatement",
          "java/sql/ResultSet");

  /** Collections and builders that may be read by several threads, but not changed meanwhile. */
  private static final Set<String> CHANGE =
      Set.of(
          "java/util/HashMap",
          "java/util/LinkedHashMap",
          "java/util/TreeMap",
          "java/util/WeakHashMap",
          "java/util/IdentityHashMap",
          "java/util/EnumMap",
          "java/util/HashSet",
          "java/util/LinkedHashSet",
          "java/util/TreeSet",
          "java/util/ArrayList",
          "java/util/LinkedList",
          "java/util/ArrayDeque",
          "java/util/PriorityQueue",
          "java/util/BitSet",
          "java/lang/StringBuilder",
          "java/util/StringJoiner",
          "java/util/IntSummaryStatistics",
          "java/util/LongSummaryStatistics",
          "java/util/DoubleSummaryStatistics");

  private static final Set<String> CHANGING =
      Set.of(
          "put",
          "putAll",
          "putIfAbsent",
          "putFirst",
          "putLast",
          "computeIfAbsent",
          "computeIfPresent",
          "compute",
          "merge",
          "replace",
          "replaceAll",
          "remove",
          "removeAll",
          "removeIf",
          "removeFirst",
          "removeLast",
          "retainAll",
          "clear",
          "add",
          "addAll",
          "addFirst",
          "addLast",
          "set",
          "sort",
          "push",
          "pop",
          "poll",
          "pollFirst",
          "pollLast",
          "pollFirstEntry",
          "pollLastEntry",
          "offer",
          "offerFirst",
          "offerLast",
          "flip",
          "append",
          "insert",
          "delete",
          "deleteCharAt",
          "setCharAt",
          "setLength",
          "reverse",
          "accept",
          "combine");

  /** Methods that are harmless, or that make a copy for the caller's own use. */
  private static final Set<String> HARMLESS =
      Set.of("clone", "getClass", "equals", "hashCode", "toString", "split", "toPattern");

  /**
   * Classes of the JDK whose objects never change, so that it does not matter who makes the one
   * that stays.
   */
  private static final Set<String> VALUES =
      Set.of(
          "Ljava/lang/String;",
          "Ljava/lang/Integer;",
          "Ljava/lang/Long;",
          "Ljava/lang/Double;",
          "Ljava/lang/Boolean;",
          "Ljava/lang/Class;",
          "Ljava/util/regex/Pattern;",
          "Ljava/util/Locale;",
          "Ljava/util/UUID;",
          "Ljava/net/URI;",
          "Ljava/nio/file/Path;",
          "Ljava/nio/charset/Charset;",
          "Ljava/math/BigDecimal;",
          "Ljava/math/BigInteger;",
          "Ljava/time/ZoneId;",
          "Ljava/time/Instant;",
          "Ljava/time/Duration;",
          "Ljava/time/LocalDate;",
          "Ljava/time/format/DateTimeFormatter;",
          "Ljava/net/http/HttpClient;");

  private UnsafeTypes() {}

  /** Returns whether two threads may not call this method of one object at once. */
  static boolean isUnsafe(String type, String method) {
    return ANY_USE.contains(type)
        ? !HARMLESS.contains(method)
        : CHANGE.contains(type) && CHANGING.contains(method);
  }

  /** Returns whether an object of this type is unsafe in any method that it is given to. */
  static boolean isUnsafeAnywhere(String type) {
    return ANY_USE.contains(type);
  }

  /** Returns whether such objects need a look at all. */
  static boolean isKnown(String type) {
    return ANY_USE.contains(type) || CHANGE.contains(type);
  }

  static boolean isValue(String descriptor) {
    return VALUES.contains(descriptor);
  }
}
