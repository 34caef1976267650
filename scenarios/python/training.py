"""A grid search with cross-validation: one model after the other, and by multiprocessing.

Usage: training.py svm|forest EXAMPLES. Needs scikit-learn.
"""

import json
import multiprocessing
import os
import sys
import time

# A library that is parallel inside is left sequential outside, or the other way round: not both.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

try:
    import numpy
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.svm import SVC
except ImportError:
    print(json.dumps({"missing": "no scikit-learn"}))
    sys.exit()

FOLDS = 4


def data(count):
    random = numpy.random.default_rng(4711)
    side = numpy.arange(count) % 2 * 2 - 1
    points = random.uniform(-1, 1, (count, 8))
    points[:, :2] += 0.4 * side[:, None]
    within = (points ** 2).sum(axis=1) < 1.5
    points[within, 0] = -points[within, 0]
    return points, side


def score(cell):
    kind, count, fold, first, second = cell
    points, side = data(count)
    tested = numpy.arange(count) // 2 % FOLDS == fold
    model = (SVC(C=first, gamma=second) if kind == "svm" else
             RandomForestClassifier(max_depth=first, n_estimators=second, random_state=1, n_jobs=1))
    model.fit(points[~tested], side[~tested])
    return int((model.predict(points[tested]) == side[tested]).sum())


def main():
    kind, count = sys.argv[1], int(sys.argv[2])
    grid = ([(0.5, 2, 8), (0.1, 0.5)] if kind == "svm" else [(4, 8), (5, 10)])
    cells = [(kind, count, fold, first, second)
             for first in grid[0] for second in grid[1] for fold in range(FOLDS)]
    begin = time.perf_counter()
    expected = [score(cell) for cell in cells]
    sequential = time.perf_counter() - begin
    with multiprocessing.Pool() as pool:
        pool.map(abs, range(2))
        begin = time.perf_counter()
        results = pool.map(score, cells, chunksize=1)
        pick = time.perf_counter() - begin
    assert results == expected
    print(json.dumps({"sequential": sequential, "pick": pick, "name": "multiprocessing"}))


if __name__ == "__main__":
    main()
