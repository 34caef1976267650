"""Trio. Arguments: the row, the seconds."""

import platform
import sys

import measure
import trio


async def sleeps(n, seconds):
    async with trio.open_nursery() as nursery:
        for _ in range(n):
            nursery.start_soon(trio.sleep, seconds)


async def timed_sleeps(row, n):
    if row == "sleep-10k":
        measure.emit("sleep-10k-first", await measure.over_a_second(sleeps, n), "ms")
    for _ in range(3):
        await sleeps(10_000, 0.02)
    measure.emit(row, await measure.over_a_second(sleeps, n), "ms")
    measure.emit(row + "-memory", measure.peak_memory(), "MB", "the program's peak")


async def nothing():
    pass


async def fork_one(n):
    for _ in range(n):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(nothing)


async def fork_many(n):
    for _ in range(n // 1_000):
        async with trio.open_nursery() as nursery:
            for _ in range(1_000):
                nursery.start_soon(nothing)


async def forks(seconds):
    measure.emit("fork-one", 1e6 / await measure.rate(seconds, 1_000, fork_one), "us")
    measure.emit("fork-many", 1e6 / await measure.rate(seconds, 10_000, fork_many), "us")


async def one_way(n, capacity):
    sending, receiving = trio.open_memory_channel(capacity)
    sums = []

    async def send():
        for i in range(n):
            await sending.send(i)

    async def receive():
        total = 0
        for _ in range(n):
            total += await receiving.receive()
        sums.append(total)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        nursery.start_soon(receive)
    measure.check(sums == [n * (n - 1) // 2], "the sum of what was received")


async def there_and_back(n):
    ask_in, ask_out = trio.open_memory_channel(1)
    back_in, back_out = trio.open_memory_channel(1)
    sums = []

    async def answer():
        for _ in range(n):
            await back_in.send(await ask_out.receive())

    async def ask():
        total = 0
        for i in range(n):
            await ask_in.send(i)
            total += await back_out.receive()
        sums.append(total)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        nursery.start_soon(ask)
    measure.check(sums == [n * (n - 1) // 2], "the sum of what came back")


async def channels(seconds):
    for capacity in (0, 1, 16, 256):
        value = await measure.rate(seconds, 2_000, lambda n: one_way(n, capacity))
        measure.emit(f"channel-{capacity}", value, "/s")
    measure.emit("channel-back", await measure.rate(seconds, 2_000, there_and_back), "/s")


async def echo_one(stream):
    try:
        async for data in stream:
            await stream.send_all(data)
    except trio.BrokenResourceError:
        pass  # the load generator resets its connections when it is done


async def echo():
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=4096)
        port = listeners[0].socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, echo_one, listeners)
        sys.stdout.write('{"port": %d}\n' % port)
        sys.stdout.flush()
        await trio.to_thread.run_sync(sys.stdin.read)
        nursery.cancel_scope.cancel()


def main():
    row, seconds = sys.argv[1], float(sys.argv[2])
    sizes = {"sleep-10k": 10_000, "sleep-100k": 100_000, "sleep-1m": 1_000_000}
    if row == "version":
        measure.version(f"trio {trio.__version__}, CPython {platform.python_version()}")
    elif row in sizes:
        trio.run(timed_sleeps, row, sizes[row])
    elif row == "fork":
        trio.run(forks, seconds)
    elif row == "channel":
        trio.run(channels, seconds)
    elif row == "echo":
        trio.run(echo)
    else:
        raise SystemExit(f"no row is called {row}")


if __name__ == "__main__":
    main()
