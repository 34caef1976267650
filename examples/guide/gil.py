import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import ThreadPoolExecutor

LIMITE = 200_000


def primos(ate):
    return sum(
        all(n % d for d in range(2, int(n**0.5) + 1))
        for n in range(2, ate))


def medir(nome, mapear):
    inicio = time.perf_counter()
    assert len(set(mapear(primos, [LIMITE] * 4))) == 1
    print(f"{nome}: {time.perf_counter() - inicio:.3f} s")


if __name__ == "__main__":
    medir("em sequência", map)
    with ThreadPoolExecutor(2) as threads:
        medir("2 threads", threads.map)
    with ProcessPoolExecutor(2) as processos:
        medir("2 processos", processos.map)
