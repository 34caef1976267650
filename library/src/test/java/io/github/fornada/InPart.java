package io.github.fornada;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * A test, or a class of tests, of which {@code mvn verify} runs a part, as {@link Extent} says, and
 * {@code .ci/checks/whole.sh} the rest.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Tag("rest")
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface InPart {}
