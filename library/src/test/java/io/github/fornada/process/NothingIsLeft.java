package io.github.fornada.process;

import io.github.fornada.Waiting;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * When every test of this JVM is over, no pool's process, folder or thread is left. For classes
 * that run beside others, which cannot ask that by themselves while those have pools open.
 */
final class NothingIsLeft implements BeforeAllCallback {
  private static final Namespace HERE = Namespace.create(NothingIsLeft.class);

  @Override
  public void beforeAll(ExtensionContext context) {
    var _ =
        context
            .getRoot()
            .getStore(HERE)
            .computeIfAbsent("the end", key -> (AutoCloseable) NothingIsLeft::check);
  }

  private static void check() {
    Leftovers.assertNone(Pools.pid());
    Waiting.until("no thread is left", Leftovers.SOON, () -> Leftovers.poolThreads().isEmpty());
  }
}
