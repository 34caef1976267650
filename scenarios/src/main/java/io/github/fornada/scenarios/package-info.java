/** The scenarios of the decision table, and the command that runs them. */
@NullMarked
package io.github.fornada.scenarios;

import org.jspecify.annotations.NullMarked;
