package io.github.fornada.spi;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Recognizes those collections of the JDK that hold their items themselves. Reading them runs no
 * user code and never waits, so workers may read them under a lock. Views of other collections do
 * not count, nor do subclasses.
 */
final class SafeCollections {
  private static final Set<Class<?>> CLASSES = new HashSet<>();

  static {
    addAll();
    CLASSES.add(ResultList.class);
  }

  private SafeCollections() {}

  @SuppressWarnings("JdkObsolete") // users may pass them
  private static void addAll() {
    var array = new ArrayList<Integer>(List.of(1, 2));
    var hashMap = new HashMap<Integer, Integer>();
    var linkedMap = new LinkedHashMap<Integer, Integer>();
    var treeMap = new TreeMap<Integer, Integer>();
    for (Object safe :
        List.of(
            array,
            array.subList(0, 1),
            new ArrayDeque<>(),
            new LinkedList<>(),
            new HashSet<>(),
            new LinkedHashSet<>(),
            new TreeSet<>(),
            new PriorityQueue<>(),
            new CopyOnWriteArrayList<>(),
            List.of(),
            List.of(1),
            List.of(1, 2, 3),
            List.of(1, 2, 3).subList(0, 2),
            Set.of(),
            Set.of(1),
            Set.of(1, 2, 3),
            Arrays.asList(1, 2),
            Collections.emptyList(),
            Collections.emptySet(),
            Collections.singleton(1),
            Collections.singletonList(1),
            Collections.nCopies(2, 1),
            hashMap.keySet(),
            hashMap.values(),
            hashMap.entrySet(),
            linkedMap.keySet(),
            linkedMap.values(),
            linkedMap.entrySet(),
            treeMap.values(),
            treeMap.entrySet())) {
      CLASSES.add(safe.getClass());
    }
  }

  static boolean include(Iterable<?> source) {
    return CLASSES.contains(source.getClass());
  }
}
