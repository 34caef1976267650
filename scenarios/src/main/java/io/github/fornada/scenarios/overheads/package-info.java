/** What it costs to create and to keep a thread, a virtual thread, a worker JVM. */
@NullMarked
package io.github.fornada.scenarios.overheads;

import org.jspecify.annotations.NullMarked;
