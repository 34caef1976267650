/** Fornada's side of benchmarks/peers: the same rows as the other peers' programs. */
@NullMarked
package io.github.fornada.benchmarks.peers;

import org.jspecify.annotations.NullMarked;
