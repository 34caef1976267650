/** Measurements by station, in the format of the One Billion Row Challenge. */
@NullMarked
package io.github.fornada.scenarios.largefiles;

import org.jspecify.annotations.NullMarked;
