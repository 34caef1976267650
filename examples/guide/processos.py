import multiprocessing
import time

vistos = []


def trabalhador(numero):
    time.sleep(2)
    vistos.append(numero)  # na lista deste processo
    print(f"trabalhador {numero}: {vistos}")


if __name__ == "__main__":
    inicio = time.perf_counter()
    processos = [
        multiprocessing.Process(target=trabalhador, args=(n,))
        for n in range(1, 6)]
    for processo in processos:
        processo.start()
    for processo in processos:
        processo.join()
    print(f"aqui: {vistos}")
    print(f"{time.perf_counter() - inicio:.3f} s")
