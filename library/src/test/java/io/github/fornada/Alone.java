package io.github.fornada;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * A class of tests whose outcome depends on how busy the machine is, because what they test
 * measures and decides by that: the build runs no other test meanwhile. See the executions of
 * Surefire in the library's {@code pom.xml}.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Tag("alone")
@Target(ElementType.TYPE)
public @interface Alone {}
