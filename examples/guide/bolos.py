import time


def fazer_bolo(sabor):
    time.sleep(1)  # no forno
    return f"bolo de {sabor}"


inicio = time.perf_counter()
for sabor in ["chocolate", "cenoura"]:
    print(fazer_bolo(sabor))
print(f"{time.perf_counter() - inicio:.3f} s")
