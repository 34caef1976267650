"""Pictures made smaller, sharpened and encoded: one after the other, and by multiprocessing.

Usage: images.py FILE... Needs Pillow.
"""

import io
import json
import multiprocessing
import sys
import time
import zlib

try:
    from PIL import Image, ImageFilter
except ImportError:
    print(json.dumps({"missing": "no Pillow"}))
    sys.exit()

WIDTH = 320


def shrink(file):
    with Image.open(file) as picture:
        whole = picture.convert("RGB")
    height = max(1, WIDTH * whole.height // whole.width)
    small = whole.resize((WIDTH, height), Image.Resampling.BILINEAR, reducing_gap=2)
    sharp = small.filter(ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 8, -1, 0, -1, 0), 4))
    sums = []
    for form in "JPEG", "PNG":
        out = io.BytesIO()
        sharp.save(out, form)
        sums.append(zlib.crc32(out.getvalue()))
    return sums


def main():
    files = sys.argv[1:]
    begin = time.perf_counter()
    expected = [shrink(file) for file in files]
    sequential = time.perf_counter() - begin
    with multiprocessing.Pool() as pool:
        pool.map(abs, range(2))
        begin = time.perf_counter()
        results = pool.map(shrink, files, chunksize=1)
        pick = time.perf_counter() - begin
    assert results == expected
    print(json.dumps({"sequential": sequential, "pick": pick, "name": "multiprocessing"}))


if __name__ == "__main__":
    main()
