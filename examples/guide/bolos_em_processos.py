import multiprocessing
import time


def fazer_bolo(sabor):
    time.sleep(1)  # no forno
    print(f"bolo de {sabor}")


if __name__ == "__main__":
    inicio = time.perf_counter()
    processos = [
        multiprocessing.Process(target=fazer_bolo, args=(s,))
        for s in ["chocolate", "cenoura"]]
    for processo in processos:
        processo.start()
    for processo in processos:
        processo.join()
    print(f"{time.perf_counter() - inicio:.3f} s")
