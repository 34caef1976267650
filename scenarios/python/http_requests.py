"""Pages of a slow server: one after the other, and by asyncio with at most so many at once.

Usage: http_requests.py PORT COUNT LIMIT. The standard library has no asyncio client for HTTP, so
the request is written by hand here.
"""

import asyncio
import hashlib
import http.client
import json
import sys
import time


def fetch(port, page):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/page/{page}")
    body = connection.getresponse().read()
    connection.close()
    return hashlib.sha256(body).hexdigest()


async def fetch_async(port, page, permits):
    async with permits:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /page/{page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                     .encode())
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        return hashlib.sha256(body).hexdigest()


async def fetch_all(port, count, limit):
    permits = asyncio.Semaphore(limit)
    return await asyncio.gather(*(fetch_async(port, page, permits) for page in range(count)))


def main():
    port, count, limit = map(int, sys.argv[1:])
    begin = time.perf_counter()
    expected = [fetch(port, page) for page in range(count)]
    sequential = time.perf_counter() - begin
    begin = time.perf_counter()
    results = asyncio.run(fetch_all(port, count, limit))
    pick = time.perf_counter() - begin
    assert results == expected
    print(json.dumps({"sequential": sequential, "pick": pick, "name": "asyncio"}))


if __name__ == "__main__":
    main()
