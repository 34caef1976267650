/**
 * Structured concurrency on virtual threads: tasks that wait on many things at once, in blocks that
 * end only after all of their tasks have.
 *
 * <p>{@link io.github.fornada.async.TaskScope} is the block: fork tasks, join them, and whatever
 * happens, none of them is left behind. Names and behaviour are near those of the JDK's {@code
 * StructuredTaskScope}, which is a preview and may not be used without a flag; {@code
 * docs/decisions/0015} has the differences.
 *
 * <p>Tasks that talk have a {@link io.github.fornada.async.Channel}, and a {@link
 * io.github.fornada.async.Select} over several; streams work on many elements at once with {@link
 * io.github.fornada.async.AsyncStreams}; to futures, callbacks and publishers lead the {@link
 * io.github.fornada.async.Bridges}.
 */
@NullMarked
package io.github.fornada.async;

import org.jspecify.annotations.NullMarked;
