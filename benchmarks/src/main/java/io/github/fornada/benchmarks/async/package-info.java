/**
 * The Java side of benchmarks/async: gathers, channels, requests and an echo, and their servers.
 */
@NullMarked
package io.github.fornada.benchmarks.async;

import org.jspecify.annotations.NullMarked;
