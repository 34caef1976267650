import io.github.fornada.process.ProcessPool;
import io.github.fornada.shared.SharedQueue;
import io.github.fornada.shared.SharedQueueClosedException;
import io.github.fornada.shared.SharedSpace;

// Messages.java with a second message, and time to kill the worker before it is sent: kill.sh does.

void main() throws Exception {
  try (var pool = ProcessPool.open(o -> o.withWorkers(1))) {
    SharedQueue<String> queue = SharedSpace.of(pool).queue(10);
    var task = pool.submit("hello", text -> {
      queue.send(text + " from process " + ProcessHandle.current().pid());
      Thread.sleep(10_000); // kill it here
      queue.send("goodbye");
      return 0;
    });
    queue.closeAfter(task);
    for (String message : queue) {
      IO.println(message);
    }
  } catch (SharedQueueClosedException e) {
    IO.println(e.getMessage());
  }
}
