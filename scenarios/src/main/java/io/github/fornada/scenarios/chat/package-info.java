/** A chat server: rooms over WebSocket, on threads of any kind and on an event loop. */
@NullMarked
package io.github.fornada.scenarios.chat;

import org.jspecify.annotations.NullMarked;
