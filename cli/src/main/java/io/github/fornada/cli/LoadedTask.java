package io.github.fornada.cli;

/**
 * A task that was found and can be run.
 *
 * @param name its name in messages and reports, such as {@code Bolo.bake(String)}
 * @param call the task
 */
record LoadedTask(String name, MethodCall call) {
  /** Returns the same task with results in a form. */
  LoadedTask in(ResultFormat format) {
    return format.json() ? new LoadedTask(name, call.asJson()) : this;
  }
}
