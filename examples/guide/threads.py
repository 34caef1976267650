import threading
import time


def trabalhador(numero):
    time.sleep(2)
    print(f"trabalhador {numero} terminou")


inicio = time.perf_counter()
threads = [
    threading.Thread(target=trabalhador, args=(n,))
    for n in range(1, 6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"{time.perf_counter() - inicio:.3f} s")
