package io.github.fornada;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * A test, or a class of tests, that {@code mvn verify} leaves out and {@code .ci/checks/whole.sh}
 * runs: it takes minutes, or it shows once more, of another pool, what a cheaper one shows.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Tag("rest")
@EnabledIf("io.github.fornada.Extent#isWhole")
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface LeftOut {}
