package io.github.fornada;

import java.io.Serializable;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Callable} that may be sent to another process. Java prefers {@link Pool#submit(Task)} to
 * {@link Pool#submit(Callable)} for lambdas and method references, so {@code pool.submit(() -> 42)}
 * works on every pool. If the task is sent, what it captures must be serializable too.
 *
 * @param <T> the type of the result
 * @see TaskFunction
 */
@FunctionalInterface
public interface Task<T extends @Nullable Object> extends Callable<T>, Serializable {}
