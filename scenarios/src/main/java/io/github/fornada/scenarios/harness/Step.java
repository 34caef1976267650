package io.github.fornada.scenarios.harness;

/**
 * A version of the program that uses no pool of the library.
 *
 * @param name what it is, in a few words
 * @param program the version
 * @param <R> what it computes
 */
public record Step<R>(String name, Program<R> program) {}
