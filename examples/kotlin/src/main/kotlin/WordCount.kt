import io.github.fornada.Outcome
import io.github.fornada.process.ProcessPool
import java.io.Serializable
import java.nio.file.Files
import java.nio.file.Path

/** What a file has. A data class that travels between processes is Serializable. */
data class Count(val file: String, val lines: Int, val words: Int) : Serializable

fun count(file: String): Count {
  val text = Files.readString(Path.of(file))
  return Count(file, text.lines().size, text.split(Regex("\\s+")).count { it.isNotEmpty() })
}

/** Counts the words of files, in worker JVMs. A file that cannot be read fails by itself. */
fun main(files: Array<String>) {
  ProcessPool.open { it.withWorkers(2) }.use { pool ->
    pool.outcomes(files.toList(), ::count).use { outcomes ->
      for (outcome in outcomes) {
        println(
          when (outcome) {
            is Outcome.Done -> outcome.value
            is Outcome.Failed -> "failed: ${outcome.cause}"
            is Outcome.TimedOut -> "over its timeout of ${outcome.timeout}"
            is Outcome.WorkerLost -> outcome.message
            is Outcome.Cancelled -> outcome.reason
          }
        )
      }
    }
    // A lambda is a task, too, and what it captures goes with it.
    val ending = ".md"
    val marks = pool.map(files.toList()) { file -> file.endsWith(ending) }
    println("${marks.count { it }} of ${marks.size} end with $ending")
  } // returns when every worker is gone
}
