package io.github.fornada.pipeline;

import java.io.Serializable;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** All that a worker JVM has made of one item. */
@SuppressWarnings("serial") // whether what it holds can be written shows when it is
record FlatList(ArrayList<@Nullable Object> all) implements Serializable {}
