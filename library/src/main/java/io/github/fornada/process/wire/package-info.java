/**
 * What the parent's side and a worker share: the memory segment with its rings, the doorbell, the
 * claim word, the control channel, and the types of messages. Not exported.
 */
@NullMarked
package io.github.fornada.process.wire;

import org.jspecify.annotations.NullMarked;
