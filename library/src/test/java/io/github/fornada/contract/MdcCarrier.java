package io.github.fornada.contract;

import io.github.fornada.ContextCarrier;
import java.util.Map;
import org.slf4j.MDC;

/** As in the documentation of {@link ContextCarrier}. */
final class MdcCarrier implements ContextCarrier<Map<String, String>> {
  @Override
  public Map<String, String> capture() {
    return MDC.getCopyOfContextMap();
  }

  @Override
  public Scope restore(Map<String, String> captured) {
    Map<String, String> before = MDC.getCopyOfContextMap();
    set(captured);
    return () -> set(before);
  }

  private static void set(Map<String, String> context) {
    if (context == null) {
      MDC.clear();
    } else {
      MDC.setContextMap(context);
    }
  }
}
