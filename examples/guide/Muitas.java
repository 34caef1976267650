import io.github.fornada.threads.VirtualThreadPool;

static int espera(int numero) throws Exception {
  Thread.sleep(1000);
  return numero;
}

void main() throws Exception {
  long inicio = System.nanoTime();
  var numeros = IntStream.range(0, 10_000).boxed().toList();
  try (var pool =
      VirtualThreadPool.open(o -> o.withWorkers(10_000))) {
    IO.println(
        pool.map(numeros, n -> espera(n)).stream()
            .mapToInt(n -> n)
            .sum());
  }
  double s = (System.nanoTime() - inicio) / 1e9;
  IO.println("%.3f s".formatted(s));
}
