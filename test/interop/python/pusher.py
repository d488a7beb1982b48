"""A PyTango device that pushes events on command and has the attribute types that TangoTest lacks."""

import enum
import pickle

import tango
from tango.server import Device, attribute, command, run


class Mode(enum.IntEnum):
    slow = 0
    fast = 1


class Pusher(Device):
    def init_device(self):
        super().init_device()
        self._value = 0.0
        self._mode = Mode.slow
        self._payload = ("pickle", pickle.dumps({"a": (1, 2.5)}))
        for name in ("value", "State"):
            self.set_change_event(name, True, False)
        self.set_data_ready_event("value", True)
        self.set_state(tango.DevState.ON)

    @attribute(dtype=float)
    def value(self):
        return self._value

    @attribute(dtype=Mode)
    def mode(self):
        return self._mode

    @mode.write
    def mode(self, value):
        self._mode = Mode(value)

    @attribute(dtype="DevEncoded", access=tango.AttrWriteType.READ_WRITE)
    def payload(self):
        return self._payload

    @payload.write
    def payload(self, value):
        self._payload = value

    @attribute(dtype=("DevState",), max_dim_x=4)
    def states(self):
        return [tango.DevState.ON, tango.DevState.MOVING]

    @attribute(dtype=float)
    def invalid(self):
        return 1.0, 12.25, tango.AttrQuality.ATTR_INVALID

    @attribute(dtype=float)
    def alarming(self):
        return 1.5, 12.25, tango.AttrQuality.ATTR_ALARM

    @command(dtype_in=int)
    def Push(self, count):
        for _ in range(count):
            self._value += 1
            self.push_change_event("value", self._value)

    @command
    def PushError(self):
        try:
            tango.Except.throw_exception("Box_Broken", "no answer", "Pusher")
        except tango.DevFailed as failure:
            self.push_change_event("value", failure)

    @command
    def MoveNowhere(self):
        for state in (tango.DevState.MOVING, tango.DevState.ON):
            self.set_state(state)
            self.push_change_event("State")

    @command(dtype_in=int)
    def Ready(self, counter):
        self.push_data_ready_event("value", counter)

    @command
    def AddOne(self):
        self.add_attribute(tango.Attr("added", tango.DevDouble), self._read_added)

    def _read_added(self, attr):
        attr.set_value(1.0)


if __name__ == "__main__":
    run((Pusher,))
