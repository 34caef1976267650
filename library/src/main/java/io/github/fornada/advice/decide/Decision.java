package io.github.fornada.advice.decide;

/**
 * What to do until the next observation.
 *
 * <p>While {@link #mostFailures} is not {@link Long#MAX_VALUE} more items are being let in to find
 * a limit, and the observation must be cut short as soon as so many items have failed: otherwise a
 * server that refuses is asked again and again until the stretch is over.
 *
 * @param setting the setting to use from now on; items in flight go on as they are
 * @param changed whether {@code setting} is another one than before
 * @param reason why, in one sentence; empty if nothing changed, and the reason is that of before
 * @param trial whether the setting is only tried for a moment: what was in use before is what was
 *     chosen
 * @param nextLookNanos how long the next stretch of observation should be
 * @param wantsControl whether worker processes are tried in order to learn why threads gain nothing
 * @param mostFailures the number of failed items at which the stretch should end early
 */
public record Decision(
    Setting setting,
    boolean changed,
    String reason,
    boolean trial,
    double nextLookNanos,
    boolean wantsControl,
    long mostFailures) {}
