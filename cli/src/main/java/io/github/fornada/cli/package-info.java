/**
 * The {@code fornada} command: the only package that prints, reads arguments and chooses exit
 * codes.
 */
@NullMarked
package io.github.fornada.cli;

import org.jspecify.annotations.NullMarked;
