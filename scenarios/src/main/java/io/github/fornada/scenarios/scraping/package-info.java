/** Crawling a shop that has the traps of real ones. */
@NullMarked
package io.github.fornada.scenarios.scraping;

import org.jspecify.annotations.NullMarked;
