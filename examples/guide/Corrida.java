import io.github.fornada.TaskFunction;
import io.github.fornada.threads.ThreadPool;
import java.util.concurrent.locks.ReentrantLock;

static final int VEZES = 1_000_000;
static final ReentrantLock TRAVA = new ReentrantLock();
static volatile int contador;

static int somar(int vezes) {
  for (int i = 0; i < vezes; i++) {
    contador++; // lê, soma, escreve: outra pode entrar aqui
  }
  return vezes;
}

static int somarComTrava(int vezes) {
  for (int i = 0; i < vezes; i++) {
    TRAVA.lock();
    try {
      contador++;
    } finally {
      TRAVA.unlock();
    }
  }
  return vezes;
}

static void medir(String nome, TaskFunction<Integer, Integer> f)
    throws Exception {
  contador = 0;
  try (var pool = ThreadPool.open(o -> o.withWorkers(2))) {
    pool.map(List.of(VEZES, VEZES), f);
  }
  IO.println(nome + ": " + contador + " de " + 2 * VEZES);
}

void main() throws Exception {
  medir("sem trava", vezes -> somar(vezes));
  medir("com trava", vezes -> somarComTrava(vezes));
}
