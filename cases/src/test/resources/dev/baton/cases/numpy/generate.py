"""Writes the files of this folder: python generate.py"""

import pathlib

import numpy as np

here = pathlib.Path(__file__).parent
grid = np.arange(12).reshape(2, 3, 2)

np.save(here / "float32.npy", grid.astype("<f4") / 4)
np.save(here / "float64-fortran.npy", np.asfortranarray(grid.astype("<f8")))
np.save(here / "float16.npy", np.array([1, -0.5, np.inf, np.nan], dtype="<f2"))
np.save(here / "int64-rank0.npy", np.array(-7, dtype="<i8"))
np.save(here / "int32-empty.npy", np.zeros((0, 3), dtype="<i4"))
np.save(here / "int16-fortran.npy", np.asfortranarray(np.array([[1, 2, 3], [4, 5, 6]], dtype="<i2")))
np.save(here / "uint8.npy", np.array([0, 200, 255], dtype="|u1"))
np.save(here / "int8.npy", np.array([-128, 127], dtype="|i1"))
np.save(here / "uint16.npy", np.array([65535], dtype="<u2"))
np.save(here / "uint32.npy", np.array([4294967295], dtype="<u4"))
np.save(here / "bool.npy", np.array([True, False, True]))
np.save(here / "big-endian.npy", np.array([1, 2], dtype=">f4"))
np.save(here / "complex.npy", np.array([1 + 2j], dtype="<c8"))
np.save(here / "records.npy", np.zeros(1, dtype=[("a", "<f4"), ("b", "<i4")]))
for version in [(2, 0), (3, 0)]:
    with open(here / f"float32-version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, np.array([1, 2, 3], dtype="<f4"), version=version)
