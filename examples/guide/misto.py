import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import ThreadPoolExecutor


def baixar(n):
    time.sleep(0.25)  # a rede
    return 100_000 + n


def primos(ate):
    return sum(
        all(n % d for d in range(2, int(n**0.5) + 1))
        for n in range(2, ate))


if __name__ == "__main__":
    inicio = time.perf_counter()
    with ThreadPoolExecutor(8) as rede, \
            ProcessPoolExecutor(2) as processadores:
        baixados = rede.map(baixar, range(8))
        print(sum(processadores.map(primos, baixados)))
    print(f"{time.perf_counter() - inicio:.3f} s")
