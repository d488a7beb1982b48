"""Peer device server on PyTango (high level API): same work as peer.

with a database:    peer.py INSTANCE
without a database: peer.py INSTANCE -nodb -dlist bench/py/1 -ORBendPoint giop:tcp:127.0.0.1:PORT
"""
import time

import numpy as np
from tango import AttrWriteType, DevState
from tango.server import Device, attribute, command, run

SPEC_LEN, IMG_X, IMG_Y = 10000, 2048, 2048

# shared by all devices: the memory of a many-device server must not be that of the test data
SPEC, BIG = np.arange(256) * 0.5, np.arange(SPEC_LEN) * 0.5
IMG = np.arange(IMG_X * IMG_Y, dtype=np.uint32).astype(np.uint16).reshape(IMG_Y, IMG_X)

# name: (Tango type, first value); the 20 scalars of the multi-attribute test
SCALARS = {
    "ampli": ("DevDouble", 1.5),
    "boolean_scalar": ("DevBoolean", True),
    "double_scalar": ("DevDouble", 2.5),
    "double_scalar_rww": ("DevDouble", 3.5),
    "double_scalar_w": ("DevDouble", 4.5),
    "float_scalar": ("DevFloat", 1.25),
    "long64_scalar": ("DevLong64", 64),
    "long_scalar": ("DevLong", 1),
    "long_scalar_rww": ("DevLong", 2),
    "long_scalar_w": ("DevLong", 3),
    "short_scalar": ("DevShort", 1),
    "short_scalar_rww": ("DevShort", 3),
    "short_scalar_w": ("DevShort", 4),
    "string_scalar": ("DevString", "hello"),
    "uchar_scalar": ("DevUChar", 7),
    "ulong64_scalar": ("DevULong64", 9),
    "ulong_scalar": ("DevULong", 8),
    "ushort_scalar": ("DevUShort", 10),
}


def _scalar(name, dtype):
    """The members of one read-write attribute kept in a plain instance field."""
    field, fget, fset = "_" + name, "read_" + name, "write_" + name

    def read(self):
        return getattr(self, field)

    def write(self, value):
        setattr(self, field, value)

    attr = attribute(name=name, dtype=dtype, access=AttrWriteType.READ_WRITE, fget=fget, fset=fset)
    return {name: attr, fget: read, fset: write}


class BenchPeer(Device):
    for _n, (_t, _v) in SCALARS.items():
        locals().update(_scalar(_n, _t))

    def init_device(self):
        super().init_device()
        for name, (_, value) in SCALARS.items():
            setattr(self, "_" + name, value)
        self.set_change_event("double_scalar", True, False)
        self.set_change_event("double_spectrum_ro", True, False)
        self.set_state(DevState.ON)
        self.set_status("ready")

    @attribute(dtype="DevShort")
    def short_scalar_ro(self):
        return 2

    @attribute(dtype=("DevDouble",), max_dim_x=4096)
    def double_spectrum_ro(self):
        return SPEC

    @attribute(dtype=("DevDouble",), max_dim_x=SPEC_LEN)
    def bench_spectrum(self):
        return BIG

    @attribute(dtype=(("DevUShort",),), max_dim_x=IMG_X, max_dim_y=IMG_Y)
    def bench_image(self):
        return IMG

    @command
    def DevVoid(self):
        pass

    @command(dtype_in="DevDouble", dtype_out="DevDouble")
    def DevDouble(self, value):
        return value

    @command(dtype_in="DevVarDoubleArray", dtype_out="DevVarDoubleArray")
    def DevVarDoubleArray(self, values):
        return values

    @command(dtype_in="DevVarLongArray", dtype_out="DevDouble", doc_in="count, size, interval us")
    def PushEvents(self, args):
        count, size, gap = [int(a) for a in args] + [1, 1, 0][len(args):]
        t0 = time.perf_counter()
        data = np.zeros(max(size, 1))
        for i in range(count):
            if size > 1:
                data[0] = time.time()
                self.push_change_event("double_spectrum_ro", data)
            else:
                self.push_change_event("double_scalar", time.time())
            if gap:
                rest = t0 + (i + 1) * gap * 1e-6 - time.perf_counter()
                if rest > 0:
                    time.sleep(rest)
        return time.perf_counter() - t0


if __name__ == "__main__":
    run((BenchPeer,))
