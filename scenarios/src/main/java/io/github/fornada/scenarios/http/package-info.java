/** Many requests to a server that takes its time. */
@NullMarked
package io.github.fornada.scenarios.http;

import org.jspecify.annotations.NullMarked;
