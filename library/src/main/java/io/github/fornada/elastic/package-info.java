/**
 * What a pool that changes its setting while it runs needs of the threads and of the worker JVMs.
 * Not exported: the implementations are in the packages of the pools, and {@link
 * io.github.fornada.elastic.Sides} finds them.
 */
@NullMarked
package io.github.fornada.elastic;

import org.jspecify.annotations.NullMarked;
