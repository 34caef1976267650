import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.StageModel;

static int baixar(int n) throws Exception {
  Thread.sleep(250); // a rede
  return 100_000 + n;
}

static long primos(int ate) {
  return IntStream.range(2, ate)
      .filter(n -> IntStream.rangeClosed(2, (int) Math.sqrt(n))
          .allMatch(d -> n % d != 0))
      .count();
}

void main() throws Exception {
  long inicio = System.nanoTime();
  try (var esteira =
      Pipeline.from(List.of(0, 1, 2, 3, 4, 5, 6, 7))
          .stage("rede", StageModel.virtualThreads(8),
              n -> baixar(n))
          .stage("processadores", StageModel.processes(2),
              ate -> primos(ate))
          .run()) {
    IO.println(
        esteira.outcomes().mapToLong(o -> o.get()).sum());
  }
  double s = (System.nanoTime() - inicio) / 1e9;
  IO.println("%.3f s".formatted(s));
}
