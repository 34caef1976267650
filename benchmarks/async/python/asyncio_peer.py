"""CPython's asyncio, or uvloop under it. Arguments: asyncio or uvloop, the row, the seconds, a port."""

import asyncio
import importlib.util
import platform
import sys

import measure

LOOP = sys.argv[1]
EAGER = getattr(asyncio, "eager_task_factory", None)  # from Python 3.12 on
REQUESTS = 10_000
AT_ONCE = 1_000


def run(main, eager=True):
    """eager: where there is such a thing, a task runs at once until it first waits."""

    async def started():
        if eager and EAGER:
            asyncio.get_running_loop().set_task_factory(EAGER)
        return await main

    if LOOP == "uvloop":
        import uvloop

        uvloop.install()
    return asyncio.run(started())


# ---- sleeps


async def gather(n, seconds):
    await asyncio.gather(*[asyncio.sleep(seconds) for _ in range(n)])


async def group(n, seconds):
    async with asyncio.TaskGroup() as tasks:
        for _ in range(n):
            tasks.create_task(asyncio.sleep(seconds))


def sleeps(row, n, how):
    async def main():
        if row == "sleep-10k":
            measure.emit("sleep-10k-first", await measure.over_a_second(how, n), "ms")
        for _ in range(3):
            await how(10_000, 0.02)
        measure.emit(row, await measure.over_a_second(how, n), "ms")
        measure.emit(row + "-memory", measure.peak_memory(), "MB", "the program's peak")

    run(main())


# ---- fork and join


async def nothing():
    pass


async def fork_one(n):
    for _ in range(n):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(nothing())


async def fork_many(n):
    for _ in range(n // 1_000):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(1_000):
                tasks.create_task(nothing())


def forks(seconds):
    async def main():
        measure.emit("fork-one", 1e6 / await measure.rate(seconds, 1_000, fork_one), "us")
        measure.emit("fork-many", 1e6 / await measure.rate(seconds, 10_000, fork_many), "us")

    # An eager task that never waits is done before the loop hears of it: nothing would be forked.
    run(main(), False)


# ---- channels


async def one_way(n, capacity):
    queue = asyncio.Queue(capacity)

    async def send():
        for i in range(n):
            await queue.put(i)

    async def receive():
        total = 0
        for _ in range(n):
            total += await queue.get()
        return total

    _, total = await asyncio.gather(send(), receive())
    measure.check(total == n * (n - 1) // 2, "the sum of what was received")


async def there_and_back(n):
    requests, replies = asyncio.Queue(1), asyncio.Queue(1)

    async def answer():
        for _ in range(n):
            await replies.put(await requests.get())

    async def ask():
        total = 0
        for i in range(n):
            await requests.put(i)
            total += await replies.get()
        return total

    _, total = await asyncio.gather(answer(), ask())
    measure.check(total == n * (n - 1) // 2, "the sum of what came back")


def channels(seconds):
    async def main():
        for capacity in (1, 16, 256):
            value = await measure.rate(seconds, 10_000, lambda n: one_way(n, capacity))
            measure.emit(f"channel-{capacity}", value, "/s")
        measure.emit("channel-back", await measure.rate(seconds, 10_000, there_and_back), "/s")

    run(main())


# ---- requests


async def by_aiohttp(seconds, port):
    import aiohttp

    # Its own limit on connections is the way its documentation names, and the fastest of those tried.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def one():
            async with session.get(f"http://127.0.0.1:{port}/") as response:
                measure.check(response.status == 200, "the status")
                measure.check(await response.text() == measure.BODY, "the response")

        async def all_of(n):
            await asyncio.gather(*[one() for _ in range(n)])

        about = f"aiohttp {aiohttp.__version__}, CPython {platform.python_version()}"
        await requests("http", seconds, all_of, about)


async def by_streams(seconds, port):
    """As many tasks as requests may be open, each with a connection that it keeps."""
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    open_ones = []

    async def some(streams, n):
        reader, writer = streams
        for _ in range(n):
            writer.write(head)
            answer = await reader.readuntil(b"\r\n\r\n")
            measure.check(answer.startswith(b"HTTP/1.1 200 "), "the status")
            length = next(
                int(line.split(b":")[1])
                for line in answer.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            body = await reader.readexactly(length)
            measure.check(body.decode() == measure.BODY, "the response")

    async def all_of(n):
        if not open_ones:
            for _ in range(AT_ONCE):
                open_ones.append(await asyncio.open_connection("127.0.0.1", port))
        await asyncio.gather(*[some(streams, n // AT_ONCE) for streams in open_ones])

    await requests("http-streams", seconds, all_of)
    for _, writer in open_ones:
        writer.close()


async def requests(row, seconds, all_of, note=""):
    await all_of(REQUESTS)
    measure.emit(row, await measure.rate(3 * seconds, REQUESTS, all_of), "/s", note)


# ---- echo


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def echo_streams(reader, writer):
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # the load generator resets its connections when it is done
    finally:
        writer.close()


def echo(by_protocol):
    async def main():
        loop = asyncio.get_running_loop()
        if by_protocol:
            server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=4096)
        else:
            server = await asyncio.start_server(echo_streams, "127.0.0.1", 0, backlog=4096)
        await measure.serve(server.sockets[0].getsockname()[1], loop)

    run(main())


def version():
    about = f"CPython {platform.python_version()}"
    for module in ("uvloop", "aiohttp"):
        if module != "uvloop" or LOOP == "uvloop":
            if importlib.util.find_spec(module):
                about += f", {module} {__import__(module).__version__}"
    measure.version(about)


def main():
    row, seconds = sys.argv[2], float(sys.argv[3])
    sizes = {"sleep-10k": 10_000, "sleep-100k": 100_000, "sleep-1m": 1_000_000}
    if row == "version":
        version()
    elif row in sizes:
        sleeps(row, sizes[row], gather)
    elif row.startswith("group-"):
        size = row.removeprefix("group-")
        sleeps(row, sizes["sleep-" + size], group)
    elif row == "fork":
        forks(seconds)
    elif row == "channel":
        channels(seconds)
    elif row == "http":
        run(by_aiohttp(seconds, int(sys.argv[4])), False)
    elif row == "http-streams":
        run(by_streams(seconds, int(sys.argv[4])))
    elif row in ("echo", "echo-streams"):
        echo(row == "echo")
    else:
        raise SystemExit(f"no row is called {row}")


if __name__ == "__main__":
    main()
