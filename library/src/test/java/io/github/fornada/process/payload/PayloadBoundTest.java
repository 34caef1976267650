package io.github.fornada.process.payload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.InvalidClassException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Vector;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A payload cannot make its reader allocate more than its size justifies. */
class PayloadBoundTest {
  private static final int MANY = 10_000;

  private static byte[] bytes(Object value) throws Exception {
    var out = new MessageOutput();
    Payloads.encode(value, out);
    return out.toByteArray();
  }

  private static Object decoded(byte[] bytes) throws Exception {
    return Payloads.decode(
        new MessageInput(bytes, 0, bytes.length), PayloadBoundTest.class.getClassLoader());
  }

  @Test
  void anArrayThatSaysItIsLongerThanAllItsBytesIsNotAllocated() throws Exception {
    byte[] honest = bytes(new String[7]);
    byte[] hostile = honest.clone();
    int length = honest.length - 7 - Integer.BYTES; // before its seven nulls
    assertThat(ByteBuffer.wrap(hostile).getInt(length)).isEqualTo(7);
    ByteBuffer.wrap(hostile).putInt(length, Integer.MAX_VALUE - 8);
    assertThatThrownBy(() -> decoded(hostile)).isInstanceOf(InvalidClassException.class);
    assertThat(decoded(honest)).isEqualTo(new String[7]);
  }

  @SuppressWarnings("JdkObsolete") // they travel too
  static Stream<Object> largeAndEmpty() {
    Map<Integer, Integer> pairs = new HashMap<>();
    for (int i = 0; i < MANY; i++) {
      pairs.put(i, i);
    }
    var identity = new IdentityHashMap<Object, Integer>();
    for (int i = 0; i < MANY; i++) {
      identity.put(new int[0], i);
    }
    return Stream.of(
        Arrays.asList(new Integer[MANY]),
        Arrays.asList(new Object[MANY][0]),
        pairs,
        new LinkedHashMap<>(pairs),
        new ConcurrentHashMap<>(pairs),
        new Hashtable<>(pairs),
        identity,
        new HashMap<>(MANY),
        new HashMap<>(Map.of(1, 2)),
        new Hashtable<>(MANY),
        new HashSet<>(pairs.keySet()),
        new HashSet<>(MANY),
        new HashSet<>(List.of(1)),
        new ArrayList<>(pairs.keySet()),
        new ArrayList<>(MANY),
        new Vector<>(MANY),
        new ArrayDeque<>(pairs.keySet()),
        new PriorityQueue<>(pairs.keySet()),
        new ArrayBlockingQueue<>(MANY),
        new CopyOnWriteArrayList<>(pairs.keySet()));
  }

  @ParameterizedTest
  @MethodSource("largeAndEmpty")
  void whatTheJdkWritesItReads(Object value) throws Exception {
    Object read = decoded(bytes(value));
    assertThat(read).isInstanceOf(value.getClass());
    assertThat(bytes(read)).hasSameSizeAs(bytes(value));
  }

  @ParameterizedTest
  @MethodSource("smallLoads")
  void aMapThatIsHardlyFilledIsReadToo(Object value) throws Exception {
    assertThat(decoded(bytes(value))).isEqualTo(value);
  }

  static Stream<Object> smallLoads() {
    var map = new HashMap<Integer, Integer>(16, 0.01f);
    var set = new HashSet<Boolean>(16, 0.01f);
    for (int i = 0; i < MANY; i++) {
      map.put(i % 128, null);
      set.add(i % 2 == 0);
    }
    return Stream.of(map, set);
  }
}
