package io.github.fornada.async;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * The events of scopes for a Flight Recorder. While none records, nothing is written and no event
 * class is used: the first use would initialize the whole recorder.
 */
final class ScopeEvents {
  private ScopeEvents() {}

  @Name("fornada.Scope")
  @Label("Fornada Scope")
  @Category("Fornada")
  @Description("A scope, from its opening to its close")
  @StackTrace(false)
  static final class Scope extends Event {
    @Label("Scope")
    String scope = "";

    @Label("Tasks")
    @Description("How many were started")
    int tasks;

    @Label("Cancelled")
    @Description("Why its tasks were cancelled; nothing if they were not")
    @Nullable String cancelled;
  }

  @Name("fornada.ScopeTask")
  @Label("Fornada Scope Task")
  @Category("Fornada")
  @Description("A task of a scope, from its start to its end")
  @StackTrace(false)
  static final class Task extends Event {
    @Label("Scope")
    String scope = "";

    @Label("Purpose")
    String purpose = "";

    @Label("Outcome")
    String outcome = "";
  }

  @Name("fornada.CarrierHeld")
  @Label("Fornada Carrier Held")
  @Category("Fornada")
  @Description("A task that kept a carrier thread from all others for long")
  @StackTrace(false)
  static final class Held extends Event {
    @Label("Scope")
    String scope = "";

    @Label("Purpose")
    String purpose = "";

    @Label("Held")
    @Timespan(Timespan.NANOSECONDS)
    long heldNanos;

    @Label("Place")
    @Description("The innermost frame of the task outside the JDK")
    String place = "";
  }

  static boolean wantTasks() {
    return FlightRecorder.isInitialized() && new Task().isEnabled();
  }

  /** Returns an event that has begun; null if no recording wants it. */
  static @Nullable Scope scope() {
    if (!FlightRecorder.isInitialized()) {
      return null;
    }
    var event = new Scope();
    if (!event.isEnabled()) {
      return null;
    }
    event.begin();
    return event;
  }

  static void held(String scope, String purpose, long nanos, String place) {
    if (!FlightRecorder.isInitialized()) {
      return;
    }
    var event = new Held();
    event.scope = scope;
    event.purpose = purpose;
    event.heldNanos = nanos;
    event.place = place;
    event.commit();
  }
}
