/**
 * Shows what ran where and when: a {@link io.github.fornada.timeline.Timeline} listens to a pool
 * and records its tasks; {@link io.github.fornada.timeline.HtmlReport} and {@link
 * io.github.fornada.timeline.ChromeTrace} write them to files.
 *
 * {@snippet :
 * var timeline = new Timeline("threads");
 * try (var pool = ThreadPool.open(o -> o.withListener(timeline))) {
 *   timeline.begin();
 *   pool.map(photos, Thumbnail::shrink);
 *   timeline.end();
 * }
 * new HtmlReport("Thumbnails").add(timeline, Map.of("wall", "1.2 s")).write(Path.of("report.html"));
 * }
 */
@NullMarked
package io.github.fornada.timeline;

import org.jspecify.annotations.NullMarked;
