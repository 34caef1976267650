/**
 * Pools of worker JVMs: the API and the parent's side. What runs in a worker, what both sides
 * share, the launch and the encodings are in packages that are not exported.
 */
@NullMarked
package io.github.fornada.process;

import org.jspecify.annotations.NullMarked;
