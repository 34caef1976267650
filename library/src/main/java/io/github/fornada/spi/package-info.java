/**
 * For authors of pools and of payload codecs: {@link io.github.fornada.spi.AbstractPool} and what
 * it hands to a pool. Users of pools need nothing from here.
 */
@NullMarked
package io.github.fornada.spi;

import org.jspecify.annotations.NullMarked;
