package io.github.fornada;

import java.io.Serializable;

/**
 * A {@link Runnable} that may be sent to another process, as {@link Task} is for a {@code
 * Callable}.
 */
@FunctionalInterface
public interface RunnableTask extends Runnable, Serializable {}
