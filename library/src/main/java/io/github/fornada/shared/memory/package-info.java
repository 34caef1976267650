/**
 * The memory behind objects that processes share: files that several JVMs map, the words in them
 * that say who has claimed what, and how a process that waits is woken. Not exported.
 */
@NullMarked
package io.github.fornada.shared.memory;

import org.jspecify.annotations.NullMarked;
