/**
 * What runs in a worker JVM: its main program, the task loop, the watchdogs and the class loader.
 * It cannot reach the parent's side. Not exported.
 */
@NullMarked
package io.github.fornada.process.worker;

import org.jspecify.annotations.NullMarked;
