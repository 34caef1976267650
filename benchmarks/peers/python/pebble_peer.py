"""Pebble's ProcessPool."""

from importlib.metadata import version
from multiprocessing import get_context

import pebble

import rows


class Pebble(rows.Peer):
    version = version("pebble")
    chunks = [1_000, 4_000, 16_000, 64_000]

    def open(self, start_method=None):
        return pebble.ProcessPool(max_workers=2, context=get_context(start_method))

    def close(self, pool):
        pool.close()
        pool.join()

    def submit(self, pool, function, argument):
        return pool.schedule(function, args=(argument,))

    def result(self, handle, limit=None):
        return handle.result(limit)

    def map(self, pool, function, items, chunk):
        return list(pool.map(function, items, chunksize=chunk).result())


if __name__ == "__main__":
    rows.main(Pebble())
