"""loky, the executor that joblib brings; and joblib's Parallel for map."""

import joblib
from joblib.externals import loky

import rows


class Loky(rows.Peer):
    version = f"{loky.__version__}, joblib {joblib.__version__}"
    chunks = ["auto", 1_000, 10_000]
    map_items = 200_000
    batch = 2_000
    kills = 4
    sends_lambdas = True  # with cloudpickle

    def open(self, start_method=None):
        return loky.ProcessPoolExecutor(max_workers=2)

    def close(self, pool):
        pool.shutdown()

    def submit(self, pool, function, argument):
        return pool.submit(function, argument)

    def result(self, handle, limit=None):
        return handle.result(limit)

    def map(self, pool, function, items, chunk):
        task = joblib.delayed(function)
        return joblib.Parallel(n_jobs=2, batch_size=chunk)(task(item) for item in items)


if __name__ == "__main__":
    rows.main(Loky())
