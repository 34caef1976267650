/** Pools of worker JVMs: launch, protocol, supervision, and the worker's own main. */
@NullMarked
package io.github.fornada.process;

import org.jspecify.annotations.NullMarked;
