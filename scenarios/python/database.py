"""Transfers in a database: one after the other, and by asyncio.

Usage: database.py URL TRANSFERS CONNECTIONS. URL is postgresql://..., which needs asyncpg, or a file
of SQLite, which is in the standard library and has no asyncio of its own: each call takes a thread.
"""

import asyncio
import json
import random
import sqlite3
import sys
import time

ACCOUNTS = 200
BALANCE = 1_000_000
TABLE = "fornada_python"
CREATE = [f"drop table if exists {TABLE}",
          f"create table {TABLE} (id int primary key, balance bigint not null)"]


def transfers(count):
    draw = random.Random(99)
    drawn = []
    for _ in range(count):
        source, target = draw.sample(range(ACCOUNTS), 2)
        amount = draw.randint(1, 500)
        # Always the lower account first: two transfers never wait for each other in a circle.
        drawn.append(sorted([(source, -amount), (target, amount)]))
    return drawn


async def in_sequence(transfer, work):
    for one in work:
        await transfer(one)


async def at_once(transfer, work):
    await asyncio.gather(*(transfer(one) for one in work))


async def measure(transfer, balances, reset, work):
    seconds, seen = [], []
    for how in in_sequence, at_once:
        await reset()
        begin = time.perf_counter()
        await how(transfer, work)
        seconds.append(time.perf_counter() - begin)
        seen.append(await balances())
    assert seen[0] == seen[1] and sum(seen[0]) == ACCOUNTS * BALANCE
    print(json.dumps({"sequential": seconds[0], "pick": seconds[1], "name": "asyncio"}))


async def postgres(url, work, connections):
    try:
        import asyncpg
    except ImportError:
        print(json.dumps({"missing": "no asyncpg"}))
        return
    async with asyncpg.create_pool(url, min_size=connections, max_size=connections) as pool:
        async def transfer(one):
            async with pool.acquire() as connection, connection.transaction():
                for account, amount in one:
                    await connection.execute(
                        f"update {TABLE} set balance = balance + $1 where id = $2", amount, account)

        async def reset():
            await pool.execute(f"update {TABLE} set balance = {BALANCE}")

        async def balances():
            return [row[0] for row in
                    await pool.fetch(f"select balance from {TABLE} order by id")]

        for statement in CREATE:
            await pool.execute(statement)
        await pool.executemany(f"insert into {TABLE} values ($1, {BALANCE})",
                               [(account,) for account in range(ACCOUNTS)])
        try:
            await measure(transfer, balances, reset, work)
        finally:
            await pool.execute(f"drop table {TABLE}")


async def sqlite(file, work, connections):
    permits = asyncio.Semaphore(connections)

    def connect():
        return sqlite3.connect(file, timeout=60, isolation_level=None)

    def write(one):
        connection = connect()
        try:
            connection.execute("begin immediate")
            connection.executemany(f"update {TABLE} set balance = balance + ? where id = ?",
                                   [(amount, account) for account, amount in one])
            connection.execute("commit")
        finally:
            connection.close()

    async def transfer(one):
        async with permits:
            await asyncio.to_thread(write, one)

    def run(statement):
        connection = connect()
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    async def reset():
        run(f"update {TABLE} set balance = {BALANCE}")

    async def balances():
        return [row[0] for row in run(f"select balance from {TABLE} order by id")]

    for statement in ["pragma journal_mode=wal", *CREATE]:
        run(statement)
    run(f"insert into {TABLE} values " + ",".join(f"({n}, {BALANCE})" for n in range(ACCOUNTS)))
    await measure(transfer, balances, reset, work)


def main():
    url, count, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    asyncio.run((postgres if url.startswith("postgresql:") else sqlite)(
        url, transfers(count), connections))


if __name__ == "__main__":
    main()
