"""One counter under a threading.Lock: in sequence, and on two threads."""

import json
import threading
import time

TIMES = 200_000
counter = 0
lock = threading.Lock()


def add(times):
    global counter
    for _ in range(times):
        with lock:
            counter += 1


def main():
    global counter
    begin = time.perf_counter()
    add(2 * TIMES)
    sequential = time.perf_counter() - begin
    assert counter == 2 * TIMES
    counter = 0
    threads = [threading.Thread(target=add, args=(TIMES,)) for _ in range(2)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pick = time.perf_counter() - begin
    assert counter == 2 * TIMES
    print(json.dumps({"sequential": sequential, "pick": pick, "name": "threading.Lock"}))


if __name__ == "__main__":
    main()
