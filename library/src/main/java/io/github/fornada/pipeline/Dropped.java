package io.github.fornada.pipeline;

/** In place of a result: a filter wants no more of the item. It travels between processes. */
enum Dropped {
  DROPPED
}
