/**
 * The API: a plain function, a {@link io.github.fornada.Pool} to run it on, and exactly one {@link
 * io.github.fornada.Outcome} for every item.
 *
 * <p>Start with the plain sequential function; add concurrency where a measurement asks for it. The
 * pools themselves are in their own packages ({@code threads}, {@code process}). This package
 * imports none of them, so a new kind of pool can be added from outside by extending {@link
 * io.github.fornada.spi.AbstractPool}.
 */
@NullMarked
package io.github.fornada;

import org.jspecify.annotations.NullMarked;
