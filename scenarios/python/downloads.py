"""Files from a server that limits each connection: one after the other, and by threads.

Usage: downloads.py PORT COUNT AT_ONCE
"""

import hashlib
import json
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor


def download(address):
    with urllib.request.urlopen(address) as answer:
        return hashlib.sha256(answer.read()).hexdigest()


def main():
    port, count, at_once = map(int, sys.argv[1:])
    addresses = [f"http://127.0.0.1:{port}/file/{number}" for number in range(count)]
    begin = time.perf_counter()
    expected = [download(address) for address in addresses]
    sequential = time.perf_counter() - begin
    with ThreadPoolExecutor(at_once) as pool:
        begin = time.perf_counter()
        results = list(pool.map(download, addresses))
        pick = time.perf_counter() - begin
    assert results == expected
    print(json.dumps({"sequential": sequential, "pick": pick, "name": "threading"}))


if __name__ == "__main__":
    main()
