/**
 * What both sides need from the operating system: the private folder, the handshake, the orphan
 * guard and the reaper of leftover processes. Not exported.
 */
@NullMarked
package io.github.fornada.process.host;

import org.jspecify.annotations.NullMarked;
