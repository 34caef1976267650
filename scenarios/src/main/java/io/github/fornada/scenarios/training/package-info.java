/** Cross-validation and grid search with Tribuo: a library with a class lock, and one without. */
@NullMarked
package io.github.fornada.scenarios.training;

import org.jspecify.annotations.NullMarked;
