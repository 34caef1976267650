/** A codec that encodes items and results of a process pool with Apache Fory. */
@NullMarked
package io.github.fornada.fory;

import org.jspecify.annotations.NullMarked;
