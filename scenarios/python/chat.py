"""A chat in rooms of ten: one connection after the other, and by asyncio. What is compared is the
time in which 99 % of the messages have come to everybody in the room, from when they were due.

Usage: chat.py CONNECTIONS MESSAGES. The standard library has no WebSocket, so messages are lines here. Those
who talk are in a process of their own.
"""

import asyncio
import collections
import json
import multiprocessing
import random
import socket
import sys
import time

ROOM = 10
DELIVERIES_PER_SECOND = 8_000
LEAD = 0.2  # seconds from when all are there to the first message


# ---- the servers: the first line of a connection is its room, "/quit" is what it says last

def serve_in_sequence(listener, connections):
    members = []
    rooms = collections.defaultdict(list)
    for _ in range(connections):
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = connection.makefile("rb")
        room = lines.readline()
        rooms[room].append(connection)
        members.append((room, connection, lines))
    for room, _, lines in members:
        for line in lines:
            if line == b"/quit\n":
                break
            for other in rooms[room]:
                other.sendall(line)
    for _, connection, lines in members:
        lines.close()
        connection.close()


async def serve_async(listener, connections):
    rooms = collections.defaultdict(list)
    quits = collections.Counter()
    ended = asyncio.Event()

    async def member(reader, writer):
        room = await reader.readline()
        rooms[room].append(writer)
        async for line in reader:
            if line == b"/quit\n":
                break
            for other in rooms[room]:
                other.write(line)
        quits[room] += 1
        if quits[room] == len(rooms[room]):
            for other in rooms[room]:
                other.close()
        if quits.total() == connections:
            ended.set()

    server = await asyncio.start_server(member, sock=listener)
    async with server:
        await ended.wait()


# ---- the crowd

async def talk(port, connections, messages):
    latencies = []
    streams = []
    for number in range(connections):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"room {number // ROOM}\n".encode())
        streams.append((reader, writer))

    async def listen(number, reader):
        following = [0] * ROOM
        async for line in reader:
            sender, message, due, _ = line.split(b" ", 3)
            latencies.append(time.perf_counter() - float(due))
            assert int(sender) // ROOM == number // ROOM
            assert int(message) == following[int(sender) % ROOM], line
            following[int(sender) % ROOM] += 1

    listeners = [asyncio.create_task(listen(number, reader))
                 for number, (reader, _) in enumerate(streams)]
    total = connections * messages
    gap = ROOM / DELIVERIES_PER_SECOND
    order = [number for _ in range(messages)
             for number in random.Random(1).sample(range(connections), connections)]
    begin = time.perf_counter() + LEAD
    for at, number in enumerate(order):
        due = begin + at * gap
        early = due - time.perf_counter()
        if early > 0:
            await asyncio.sleep(early)
        message = at // connections
        text = f"{number} {message} {due} pão de queijo, café e broa de milho\n"
        streams[number][1].write(text.encode())
        if message == messages - 1:
            streams[number][1].write(b"/quit\n")
    await asyncio.gather(*listeners)
    assert len(latencies) == total * ROOM, f"{len(latencies)} of {total * ROOM} came"
    for _, writer in streams:
        writer.close()
    return sorted(latencies)[int(0.99 * len(latencies))]


def crowd(port, connections, messages, answer):
    answer.send(asyncio.run(talk(port, connections, messages)))


def measure(serve, connections, messages):
    with socket.create_server(("127.0.0.1", 0), backlog=connections) as listener:
        port = listener.getsockname()[1]
        answer, end = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=crowd, args=(port, connections, messages, end))
        process.start()
        end.close()
        serve(listener, connections)
        p99 = answer.recv()
        process.join()
        return p99


def main():
    connections, messages = int(sys.argv[1]) // ROOM * ROOM, int(sys.argv[2])
    sequential = measure(serve_in_sequence, connections, messages)
    pick = measure(
        lambda listener, count: asyncio.run(serve_async(listener, count)), connections, messages)
    print(json.dumps({
        "sequential": sequential, "pick": pick, "name": "asyncio",
        "notes": [f"In Python, {connections} connections, lines: p99 {sequential * 1000:.1f} ms"
                  f" in sequence, {pick * 1000:.1f} ms by asyncio."]}))


if __name__ == "__main__":
    main()
