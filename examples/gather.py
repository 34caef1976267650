"""Five coroutines that wait two seconds each, all at once. Beside it: Gather.java."""

import asyncio


async def worker(number):
    print(f"worker {number} begins")
    await asyncio.sleep(2)
    print(f"worker {number} has ended")
    return number * number


async def main():
    print(await asyncio.gather(*(worker(n) for n in range(1, 6))))


asyncio.run(main())
