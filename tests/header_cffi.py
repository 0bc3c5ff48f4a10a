"""header_cffi.py HEADER: a binding generator reads the whole header, and finds it complete."""

import subprocess
import sys
from pathlib import Path

import cffi

header = Path(sys.argv[1])
text = subprocess.run(
    ["cc", "-E", "-P", "-DTLSCONN_CDEF", "-x", "c", str(header)],
    check=True, capture_output=True, text=True,
).stdout
ffi = cffi.FFI()
ffi.cdef(text)  # raises where anything is left that is not plain C

names = (Path(__file__).parent / "symbols.txt").read_text().split()
library = ffi.dlopen(None)
known = set(dir(library))
missing = [name for name in names if name not in known]
assert not missing, f"{header} does not declare {missing}"
assert library.TLSCONN_REJECT == 0 and library.TLSCONN_OK == 0
assert library.TLSCONN_P_DISTRUSTED == 0x80000

lists = [t for t in (ffi.typeof(name) for name in ffi.list_types()[0]) if t.kind == "enum"]
print(f"{header.name}: {len(names)} functions and {len(lists)} lists, read by cffi")
