import threading
import time

VEZES = 20_000
contador = 0
trava = threading.Lock()


def somar():
    global contador
    for _ in range(VEZES):
        lido = contador
        time.sleep(0)  # outra thread pode entrar aqui
        contador = lido + 1


def somar_com_trava():
    global contador
    for _ in range(VEZES):
        with trava:
            contador += 1


def medir(nome, funcao):
    global contador
    contador = 0
    threads = [threading.Thread(target=funcao) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{nome}: {contador} de {2 * VEZES}")


medir("sem trava", somar)
medir("com trava", somar_com_trava)
