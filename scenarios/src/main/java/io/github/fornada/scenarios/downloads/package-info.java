/** Downloads that are cut off, killed and resumed, from a server that limits each connection. */
@NullMarked
package io.github.fornada.scenarios.downloads;

import org.jspecify.annotations.NullMarked;
