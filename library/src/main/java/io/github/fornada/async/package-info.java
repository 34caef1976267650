/** Tasks that wait on many things at once: channels between them. */
@NullMarked
package io.github.fornada.async;

import org.jspecify.annotations.NullMarked;
