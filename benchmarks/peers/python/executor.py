"""CPython's concurrent.futures.ProcessPoolExecutor."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed

import rows


class Executor(rows.Peer):
    chunks = [1_000, 4_000, 16_000, 64_000]
    shares_memory = True

    def open(self, start_method=None):
        context = multiprocessing.get_context(start_method) if start_method else None
        return ProcessPoolExecutor(2, mp_context=context)

    def close(self, pool):
        pool.shutdown()

    def submit(self, pool, function, argument):
        return pool.submit(function, argument)

    def result(self, handle, limit=None):
        return handle.result(limit)

    def map(self, pool, function, items, chunk):
        return list(pool.map(function, items, chunksize=chunk))

    def stream(self, pool, function, items, chunk):
        for future in as_completed([pool.submit(function, item) for item in items]):
            yield future.result()


if __name__ == "__main__":
    rows.main(Executor())
