"""Dask distributed: a local cluster of two worker processes with one thread each; dask.bag for map."""

import logging
import tempfile

import dask
import dask.bag
import distributed

import rows


class Dask(rows.Peer):
    version = distributed.__version__
    chunks = [4, 16, 64]  # partitions of the bag
    map_items = 200_000
    batch = 300
    kills = 2
    sends_lambdas = True

    def open(self, start_method=None):
        # A lost task is tried three times more by default, on other workers: here it is to fail.
        dask.config.set({"distributed.scheduler.allowed-failures": 0})
        self.folder = tempfile.TemporaryDirectory(prefix="peers-dask-")
        cluster = distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            local_directory=self.folder.name,
        )
        return distributed.Client(cluster)

    def close(self, pool):
        pool.close()
        pool.cluster.close()
        self.folder.cleanup()

    def large(self, pool, data):
        return pool.scatter(data, hash=False)  # as its warning about large arguments asks

    def submit(self, pool, function, argument):
        return pool.submit(function, argument, pure=False)

    def result(self, handle, limit=None):
        try:
            return handle.result(limit)
        except distributed.TimeoutError as e:
            raise TimeoutError from e

    def map(self, pool, function, items, chunk):
        return dask.bag.from_sequence(items, npartitions=chunk).map(function).compute(scheduler=pool)

    def stream(self, pool, function, items, chunk):
        for _, result in distributed.as_completed(
            pool.map(function, list(items), pure=False), with_results=True
        ):
            yield result


if __name__ == "__main__":
    rows.main(Dask())
