package io.github.fornada.process;

import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;

/** Passes on what only a pool with listeners wants to know. */
final class AgentEvents implements TaskListener {
  private final AgentReports reports;
  private final AgentEntries entries;

  AgentEvents(AgentReports reports, AgentEntries entries) {
    this.reports = reports;
    this.entries = entries;
  }

  @Override
  public void onEvent(TaskEvent event) {
    switch (event) {
      case TaskEvent.Started started when started.item() instanceof AgentCall.Item item ->
          reports.add(out -> entries.started(item, started, out));
      case TaskEvent.Printed printed when printed.item() instanceof AgentCall.Item item ->
          reports.add(out -> AgentEntries.printed(item, printed, out));
      case TaskEvent.Finished finished when finished.item() instanceof AgentCall.Item item ->
          item.usage = finished.usage();
      case TaskEvent.WorkerReady ready -> reports.add(out -> entries.ready(ready, out));
      case TaskEvent.WorkerEnded ended -> reports.add(out -> entries.ended(ended, out));
      default -> {}
    }
  }
}
