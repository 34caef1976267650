package io.github.fornada.jvm;

import java.io.File;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.util.Currency;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/**
 * Classes of the JDK whose objects never change, and are equal only if their content is the same;
 * but an address is equal to one with its host in another case.
 */
public final class ValueClasses {
  private static final Set<Class<?>> VALUES =
      Set.of(
          String.class,
          Integer.class,
          Long.class,
          Double.class,
          Boolean.class,
          Float.class,
          Short.class,
          Byte.class,
          Character.class,
          BigInteger.class,
          BigDecimal.class,
          UUID.class,
          URI.class,
          File.class,
          Locale.class,
          Currency.class,
          Class.class);

  /** The classes behind {@code List.of}, {@code Set.of} and {@code Map.of}. */
  private static final String COLLECTIONS = "java.util.ImmutableCollections$";

  private ValueClasses() {}

  /** Returns whether objects of exactly this class are values. */
  public static boolean contains(Class<?> type) {
    return VALUES.contains(type);
  }

  /** Returns whether it is a class behind {@code List.of}, {@code Set.of} or {@code Map.of}. */
  public static boolean isImmutableCollection(Class<?> type) {
    return type.getName().startsWith(COLLECTIONS);
  }
}
