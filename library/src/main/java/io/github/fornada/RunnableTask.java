package io.github.fornada;

import java.io.Serializable;

/**
 * A {@link Runnable} that may be sent to another process. The counterpart of {@link Task}, which is
 * a {@code Callable}.
 */
@FunctionalInterface
public interface RunnableTask extends Runnable, Serializable {}
