package io.github.fornada;

import java.util.Comparator;
import java.util.List;
import jdk.jfr.consumer.RecordedEvent;

/** Events of the Flight Recorder. */
public final class Events {
  private Events() {}

  /** In the order of their ends; a file has them in that of the threads' buffers. */
  public static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(e -> e.getEventType().getName().equals(name))
        .sorted(Comparator.comparing(RecordedEvent::getEndTime))
        .toList();
  }
}
