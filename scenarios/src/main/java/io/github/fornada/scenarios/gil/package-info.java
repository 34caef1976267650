/** Java has no global lock, but libraries have their own. */
@NullMarked
package io.github.fornada.scenarios.gil;

import org.jspecify.annotations.NullMarked;
