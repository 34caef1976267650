/**
 * How functions, items and results are converted to bytes and back: encodings, codecs, and the
 * files that carry large payloads. Not exported.
 */
@NullMarked
package io.github.fornada.process.payload;

import org.jspecify.annotations.NullMarked;
