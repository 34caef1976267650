import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import ThreadPoolExecutor


def quadrado(n):
    time.sleep(0.5)
    return n * n


if __name__ == "__main__":
    for tipo in [ThreadPoolExecutor, ProcessPoolExecutor]:
        inicio = time.perf_counter()
        with tipo(max_workers=4) as executor:
            print(list(executor.map(quadrado, [1, 2, 3, 4])))
        print(f"{time.perf_counter() - inicio:.3f} s")
