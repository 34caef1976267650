import multiprocessing
import threading
import time


def nada():
    pass


def medir(nome, criar, vezes):
    inicio = time.perf_counter()
    for _ in range(vezes):
        um = criar(target=nada)
        um.start()
        um.join()
    micros = (time.perf_counter() - inicio) / vezes * 1e6
    print(f"{nome}: {micros:.0f} µs")


if __name__ == "__main__":
    medir("uma thread", threading.Thread, 1_000)
    medir("um processo", multiprocessing.Process, 20)
