"""CPython's multiprocessing.Pool."""

import multiprocessing

import rows
import shared_rows


class Pool(rows.Peer):
    chunks = [None, 1_000, 10_000]  # None: a quarter of each worker's share
    stream_chunks = [1, 1_000, 10_000]
    shares_memory = True
    kills = 1
    kill_limit = 5.0  # it hangs forever: CPython issue 66587

    def open(self, start_method=None):
        return multiprocessing.get_context(start_method).Pool(2)

    def close(self, pool):
        pool.terminate()
        pool.join()

    def submit(self, pool, function, argument):
        return pool.apply_async(function, (argument,))

    def result(self, handle, limit=None):
        try:
            return handle.get(limit)
        except multiprocessing.TimeoutError as e:
            raise TimeoutError from e

    def map(self, pool, function, items, chunk):
        return pool.map(function, items, chunksize=chunk)

    def stream(self, pool, function, items, chunk):
        return pool.imap_unordered(function, items, chunksize=chunk)


if __name__ == "__main__":
    rows.ROWS.update(shared_rows.ROWS)
    rows.main(Pool())
