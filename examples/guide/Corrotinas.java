import io.github.fornada.async.Async;

static int trabalhador(int numero) throws Exception {
  Thread.sleep(2000); // espera a thread virtual, e só ela
  return numero * numero;
}

void main() throws Exception {
  long inicio = System.nanoTime();
  IO.println(
      Async.gather(
          List.of(1, 2, 3, 4, 5), n -> trabalhador(n)));
  double s = (System.nanoTime() - inicio) / 1e9;
  IO.println("%.3f s".formatted(s));
}
