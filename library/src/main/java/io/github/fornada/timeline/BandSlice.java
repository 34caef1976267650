package io.github.fornada.timeline;

import java.time.Duration;

/**
 * A short time of a stage, as a report draws it.
 *
 * @param from when it began, since the start
 * @param to when it ended
 * @param busy the part of it for which the stage worked, from 0 to 1
 * @param restarting the part for which its worker JVMs were replaced
 * @param waitsForRoom the part for which it waited for those after it
 * @param queued how many items waited for it
 */
public record BandSlice(
    Duration from, Duration to, double busy, double restarting, double waitsForRoom, int queued) {}
