import asyncio
import time


async def espera(numero):
    await asyncio.sleep(1)
    return numero


async def principal():
    print(sum(await asyncio.gather(
        *(espera(n) for n in range(10_000)))))


inicio = time.perf_counter()
asyncio.run(principal())
print(f"{time.perf_counter() - inicio:.3f} s")
