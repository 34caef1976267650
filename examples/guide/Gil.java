import io.github.fornada.Pool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;

static final int LIMITE = 1_000_000; // a JVM é mais rápida

static long primos(int ate) {
  return IntStream.range(2, ate)
      .filter(n -> IntStream.rangeClosed(2, (int) Math.sqrt(n))
          .allMatch(d -> n % d != 0))
      .count();
}

static void medir(String nome, Pool pool) throws Exception {
  var itens = Collections.nCopies(4, LIMITE);
  pool.map(itens, ate -> primos(ate)); // aquece o compilador
  long inicio = System.nanoTime();
  var vistos = Set.copyOf(pool.map(itens, ate -> primos(ate)));
  double s = (System.nanoTime() - inicio) / 1e9;
  if (vistos.size() != 1) throw new AssertionError(vistos);
  IO.println("%s: %.3f s".formatted(nome, s));
}

void main() throws Exception {
  try (var uma = SequentialPool.open();
      var threads = ThreadPool.open(o -> o.withWorkers(2));
      var processos = ProcessPool.open(o -> o.withWorkers(2))) {
    medir("em sequência", uma);
    medir("2 threads", threads);
    medir("2 processos", processos);
  }
}
