package io.github.fornada.contract;

import io.github.fornada.ContextCarrier;

/**
 * A carrier that records its calls as marks, and fails where its name says so. The marks are files,
 * so they can be seen from other processes too.
 */
record Diary(String name, Marks marks) implements ContextCarrier<String> {
  @Override
  public String capture() {
    if (name.contains("capture fails")) {
      throw new UnsupportedOperationException("planted in capture");
    }
    return "by " + name;
  }

  @Override
  public Scope restore(String captured) {
    if (name.contains("restore fails")) {
      throw new UnsupportedOperationException("planted in restore");
    }
    int place = marks.all().size();
    marks.set(place + " restored " + captured);
    return () -> {
      marks.set(marks.all().size() + " undone " + captured);
      if (name.contains("undo fails")) {
        throw new UnsupportedOperationException("planted in close");
      }
    };
  }
}
