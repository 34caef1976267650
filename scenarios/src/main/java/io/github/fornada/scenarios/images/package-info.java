/** Pictures: decoded, made smaller, sharpened and encoded again; and files made to do harm. */
@NullMarked
package io.github.fornada.scenarios.images;

import org.jspecify.annotations.NullMarked;
