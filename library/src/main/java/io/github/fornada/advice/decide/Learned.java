package io.github.fornada.advice.decide;

/**
 * What an earlier run of a function has found out.
 *
 * @param setting the setting to begin with
 * @param cause why that is the best
 * @param sentence the same in words
 */
public record Learned(Setting setting, Cause cause, String sentence) {}
