import io.github.fornada.process.ProcessPool;
import io.github.fornada.shared.SharedQueue;
import io.github.fornada.shared.SharedSpace;

// A queue between processes: a worker sends, this process receives. Beside it: messages.py.

void main() throws Exception {
  try (var pool = ProcessPool.open(o -> o.withWorkers(1))) {
    SharedQueue<String> queue = SharedSpace.of(pool).queue(10);
    var task = pool.submit("hello", text -> {
      queue.send(text + " from process " + ProcessHandle.current().pid());
      return 0;
    });
    queue.closeAfter(task); // its death ends the wait below
    IO.println(queue.receive());
    task.join();
  }
}
