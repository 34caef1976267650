package io.github.fornada.pipeline;

import org.jspecify.annotations.Nullable;

/**
 * An item of a pipeline's source, from which others were made.
 *
 * @param index its place in the source, from 0
 * @param item the item itself
 */
public record Origin(long index, @Nullable Object item) {}
