package io.github.fornada.cli;

import io.github.fornada.TaskFunction;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A {@link MethodCall} for other machines, which have no files of this one. The class travels by
 * its name and its loader, so that workers fetch what they need of the user's code and resources
 * from the command.
 *
 * @param type the class with the function
 * @param method its name
 * @param parameter name of its parameter's type, as {@link Class#getName}
 * @param json whether the text of each result is JSON
 */
record ClusterCall(Class<?> type, String method, String parameter, boolean json)
    implements TaskFunction<String, @Nullable String> {
  /** The resolved methods in this JVM. */
  private static final Map<ClusterCall, MethodCall.Resolved> RESOLVED = new ConcurrentHashMap<>();

  @Override
  public @Nullable String apply(String item) throws Exception {
    MethodCall.Resolved resolved = RESOLVED.get(this);
    if (resolved == null) {
      resolved =
          RESOLVED.computeIfAbsent(
              this,
              call ->
                  MethodCall.Resolved.of(
                      call.type.getClassLoader(), call.type.getName(), method, parameter));
    }
    return resolved.apply(item, json);
  }
}
