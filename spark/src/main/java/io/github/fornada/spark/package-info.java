/** A pool whose tasks run on an Apache Spark cluster. */
@NullMarked
package io.github.fornada.spark;

import org.jspecify.annotations.NullMarked;
