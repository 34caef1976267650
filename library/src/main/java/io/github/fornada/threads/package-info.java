/** Pools within this JVM: one thread, some platform threads, or many virtual threads. */
@NullMarked
package io.github.fornada.threads;

import org.jspecify.annotations.NullMarked;
