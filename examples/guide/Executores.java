import io.github.fornada.Pool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.ThreadPool;

static int quadrado(int n) throws Exception {
  Thread.sleep(500);
  return n * n;
}

void main() throws Exception {
  List<Supplier<Pool>> tipos = List.of(
      () -> ThreadPool.open(o -> o.withWorkers(4)),
      () -> ProcessPool.open(o -> o.withWorkers(4)));
  for (var tipo : tipos) {
    long inicio = System.nanoTime();
    try (Pool pool = tipo.get()) {
      IO.println(
          pool.map(List.of(1, 2, 3, 4), n -> quadrado(n)));
    }
    double s = (System.nanoTime() - inicio) / 1e9;
    IO.println("%.3f s".formatted(s));
  }
}
