import asyncio
import time


async def trabalhador(numero):
    await asyncio.sleep(2)
    return numero * numero


async def principal():
    print(await asyncio.gather(
        *(trabalhador(n) for n in range(1, 6))))


inicio = time.perf_counter()
asyncio.run(principal())
print(f"{time.perf_counter() - inicio:.3f} s")
