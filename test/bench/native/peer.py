"""Peer of the call rate benchmark on PyTango: peer.py INSTANCE -nodb -dlist bench/py/1 -ORBendPoint giop:tcp:127.0.0.1:PORT"""
import numpy
from tango import AttrWriteType, DevState
from tango.server import Device, attribute, command, run

SPECTRUM = numpy.arange(10000) * 0.5


def scalar(name):
    """The members of one read-write attribute kept in a plain instance field."""
    field = "_" + name

    def read(self):
        return getattr(self, field, 1.5)

    def write(self, value):
        setattr(self, field, value)

    declared = attribute(name=name, dtype="DevDouble", access=AttrWriteType.READ_WRITE, fget="read_" + name, fset="write_" + name)
    return {name: declared, "read_" + name: read, "write_" + name: write}


class BenchPeer(Device):
    for _number in range(1, 21):
        locals().update(scalar(f"scalar_{_number:02d}"))

    def init_device(self):
        super().init_device()
        self.set_state(DevState.ON)

    @attribute(dtype=("DevDouble",), max_dim_x=10000)
    def spectrum(self):
        return SPECTRUM

    @command
    def DevVoid(self):
        pass

    @command(dtype_in="DevDouble", dtype_out="DevDouble")
    def DevDouble(self, value):
        return value

    @command(dtype_in="DevVarDoubleArray", dtype_out="DevVarDoubleArray")
    def DevVarDoubleArray(self, values):
        return values


if __name__ == "__main__":
    run((BenchPeer,))
