import io.github.fornada.threads.SequentialPool;

static String fazerBolo(String sabor) throws Exception {
  Thread.sleep(1000); // no forno
  return "bolo de " + sabor;
}

void main() throws Exception {
  long inicio = System.nanoTime();
  try (var pool = SequentialPool.open()) {
    pool.map(List.of("chocolate", "cenoura"),
            sabor -> fazerBolo(sabor))
        .forEach(IO::println);
  }
  double s = (System.nanoTime() - inicio) / 1e9;
  IO.println("%.3f s".formatted(s));
}
