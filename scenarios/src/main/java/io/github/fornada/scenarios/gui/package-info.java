/** A window that stays responsive while work goes on. */
@NullMarked
package io.github.fornada.scenarios.gui;

import org.jspecify.annotations.NullMarked;
