package io.github.fornada.process;

import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a worker does before its first task, as it is sent.
 *
 * @param initializer first; null for nothing
 * @param states then made, in this order: makers may count on what the initializer has done
 */
record SetUp(@Nullable WorkerInitializer initializer, List<WorkerState.Recipe> states)
    implements Serializable {}
