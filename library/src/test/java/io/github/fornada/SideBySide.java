package io.github.fornada;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * A class of tests that mostly wait, so that the build runs several such classes at once, each in
 * one thread of its own; see the executions of Surefire in the library's {@code pom.xml}.
 *
 * <p>The annotation says that the tests of a class pass while any other marked class runs: that
 * they neither change nor count what all of the JVM shares (its output, its properties, its
 * threads, its processes and their folders, its heap, a Flight Recorder's recordings), and that no
 * limit that must <em>not</em> be reached is short. Any other class has a JVM of its own while it
 * runs, beside others; those marked {@link Alone} have the machine.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Tag("side-by-side")
@Target(ElementType.TYPE)
public @interface SideBySide {}
