package io.github.fornada;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the death of a worker process.
 *
 * @param worker the worker's name in its pool, such as {@code worker-2}
 * @param pid its process id
 * @param exitCode its exit code; 128 + n where signal n ended it, as shells count
 * @param manner how it ended, in words, such as {@code "was ended by SIGKILL (exit code 137)"}
 * @param item the item it was running, as text; null if it was running none
 * @param lastOutput the last lines it printed, oldest first; at most 20
 * @param crashLog path of the JVM's own crash report ({@code hs_err}); null if there is none
 * @param outOfMemory whether its heap or the machine's memory ran out, as far as can be told
 * @param workersLost how many workers the tries of the item have cost, this one included; 0 if it
 *     was running none
 * @param quarantined whether the pool will not run the item again
 */
public record DeathCertificate(
    String worker,
    long pid,
    int exitCode,
    String manner,
    @Nullable String item,
    List<String> lastOutput,
    @Nullable String crashLog,
    boolean outOfMemory,
    int workersLost,
    boolean quarantined)
    implements Serializable {
  public DeathCertificate {
    Objects.requireNonNull(worker, "worker");
    Objects.requireNonNull(manner, "manner");
    lastOutput = List.copyOf(lastOutput);
  }
}
