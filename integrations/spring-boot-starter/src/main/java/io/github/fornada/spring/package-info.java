/** Pools of a Spring Boot application, from its properties. */
@NullMarked
package io.github.fornada.spring;

import org.jspecify.annotations.NullMarked;
