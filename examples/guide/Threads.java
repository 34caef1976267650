import io.github.fornada.threads.ThreadPool;

static int trabalhador(int numero) throws Exception {
  Thread.sleep(2000);
  IO.println("trabalhador " + numero + " terminou");
  return numero;
}

void main() throws Exception {
  long inicio = System.nanoTime();
  try (var pool = ThreadPool.open(o -> o.withWorkers(5))) {
    pool.map(List.of(1, 2, 3, 4, 5), n -> trabalhador(n));
  }
  double s = (System.nanoTime() - inicio) / 1e9;
  IO.println("%.3f s".formatted(s));
}
