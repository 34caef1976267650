/** Items and results of a process pool written by Apache Fory. */
@NullMarked
package io.github.fornada.fory;

import org.jspecify.annotations.NullMarked;
