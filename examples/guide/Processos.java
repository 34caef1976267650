import io.github.fornada.process.ProcessPool;

static final List<Integer> VISTOS = new ArrayList<>();

static String trabalhador(int numero) throws Exception {
  Thread.sleep(2000);
  VISTOS.add(numero); // na lista deste processo
  return "trabalhador " + numero + ": " + VISTOS;
}

void main() throws Exception {
  long inicio = System.nanoTime();
  try (var pool = ProcessPool.open(o -> o.withWorkers(5))) {
    pool.map(List.of(1, 2, 3, 4, 5), n -> trabalhador(n))
        .forEach(IO::println);
  }
  IO.println("aqui: " + VISTOS);
  double s = (System.nanoTime() - inicio) / 1e9;
  IO.println("%.3f s".formatted(s));
}
