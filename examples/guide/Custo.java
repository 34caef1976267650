import io.github.fornada.process.ProcessPool;

interface Nada {
  void faz() throws Exception;
}

static void medir(String nome, int vezes, Nada nada)
    throws Exception {
  long inicio = System.nanoTime();
  for (int i = 0; i < vezes; i++) {
    nada.faz();
  }
  double micros = (System.nanoTime() - inicio) / 1e3 / vezes;
  IO.println("%s: %.0f µs".formatted(nome, micros));
}

void main() throws Exception {
  medir("uma thread virtual", 10_000,
      () -> Thread.ofVirtual().start(() -> {}).join());
  medir("uma thread", 1_000,
      () -> Thread.ofPlatform().start(() -> {}).join());
  medir("um processo", 5, () -> {
    try (var pool =
        ProcessPool.open(o -> o.withWorkers(1))) {
      pool.map(List.of(0), n -> n);
    }
  });
}
