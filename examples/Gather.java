import io.github.fornada.async.Async;

// Five tasks that wait two seconds each, all at once. Beside it: gather.py.

int worker(int number) throws InterruptedException {
  IO.println("worker " + number + " begins");
  Thread.sleep(Duration.ofSeconds(2));
  IO.println("worker " + number + " has ended");
  return number * number;
}

void main() throws InterruptedException {
  IO.println(Async.gather(List.of(1, 2, 3, 4, 5), this::worker));
}
