/** Transfers between accounts: the database's connections are the limit, whatever the model. */
@NullMarked
package io.github.fornada.scenarios.database;

import org.jspecify.annotations.NullMarked;
