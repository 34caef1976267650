/**
 * Structured concurrency on virtual threads: tasks that wait on many things at once, in blocks that
 * end only after all of their tasks have.
 *
 * <p>{@link io.github.fornada.async.TaskScope} is the block: it forks tasks and joins them, and no
 * task outlives it. {@link io.github.fornada.async.Async} has the common cases in one line each.
 * Names and behaviour are close to those of the JDK's {@code StructuredTaskScope}, which is a
 * preview and may not be used without a flag; {@code docs/decisions/0015} has the differences.
 *
 * <p>Tasks communicate through a {@link io.github.fornada.async.Channel}, and wait for several with
 * a {@link io.github.fornada.async.Select}. {@link io.github.fornada.async.AsyncStreams} works on
 * many elements of a stream at once. {@link io.github.fornada.async.Bridges} connects to futures,
 * callbacks and publishers.
 */
@NullMarked
package io.github.fornada.async;

import org.jspecify.annotations.NullMarked;
