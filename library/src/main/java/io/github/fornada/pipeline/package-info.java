/**
 * Stages of different models, joined by bounded queues: {@link io.github.fornada.pipeline.Pipeline}
 * runs each item through all of them, and says which stage holds the others up.
 */
@NullMarked
package io.github.fornada.pipeline;

import org.jspecify.annotations.NullMarked;
