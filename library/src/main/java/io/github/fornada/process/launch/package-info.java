/**
 * How a worker JVM is started: its command line, what it inherits from this JVM, and the
 * ahead-of-time cache. Not exported.
 */
@NullMarked
package io.github.fornada.process.launch;

import org.jspecify.annotations.NullMarked;
