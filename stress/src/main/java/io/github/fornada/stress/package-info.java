/**
 * Storms: process pools under random kills, exits, limits and cancels, and what must hold after.
 */
@NullMarked
package io.github.fornada.stress;

import org.jspecify.annotations.NullMarked;
