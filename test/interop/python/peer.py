"""A PyTango device with what TangoTest lacks: pipes, alarms, dynamic attributes, all event types, histories with errors."""

import tango
from tango.server import Device, attribute, command, device_property, pipe, run


class Peer(Device):
    greeting = device_property(dtype=str, default_value="hello")

    def init_device(self):
        super().init_device()
        self._pushed = 0.0
        self._set = 1.0
        self._warm = 1.0
        self._reads = 0
        self._text = ""
        self._blob = ("bb", [dict(name="q", value=[1.0, 2.0]), dict(name="s", value=["a", "b"])])
        self.set_change_event("pushed", True, False)
        self.set_archive_event("pushed", True, False)
        self.set_data_ready_event("pushed", True)
        self.set_state(tango.DevState.ON)

    @attribute(dtype=float)
    def pushed(self):
        return self._pushed

    @attribute(dtype=float, max_alarm="10", max_warning="5", abs_change="0.5", archive_abs_change="0.5",
               period="200", polling_period=50)
    def warm(self):
        return self._warm

    @attribute(dtype=float, access=tango.AttrWriteType.READ_WRITE, memorized=True, hw_memorized=True)
    def level(self):
        return self._set

    @level.write
    def level(self, value):
        self._set = value

    @attribute(dtype=(float,), max_dim_x=8, access=tango.AttrWriteType.READ_WRITE)
    def odd(self):
        """Changes length, fails and is invalid now and then, so that its history has runs of all kinds."""
        self._reads += 1
        turn = self._reads % 6
        if turn == 3:
            tango.Except.throw_exception("Box_Broken", "turn three", "Peer.odd")
        now = tango.TimeVal.now().totime()
        if turn == 4:
            return [0.0], now, tango.AttrQuality.ATTR_INVALID
        return [float(turn)] * max(turn, 1)

    @odd.write
    def odd(self, value):
        pass

    @attribute(dtype=str)
    def text(self):
        return self._text

    @attribute(dtype="DevState")
    def mood(self):
        return tango.DevState.MOVING

    @pipe(label="Blob")
    def pp(self):
        return self._blob

    @pp.write
    def pp(self, value):
        self._blob = value

    @pipe
    def nested(self):
        inner = ("inner", [dict(name="x", value=7), dict(name="t", value="deep")])
        return "outer", [
            dict(name="i", value=3),
            dict(name="d", value=1.5),
            dict(name="flag", value=True),
            dict(name="word", value="café"),
            dict(name="words", value=["a", "", "c"]),
            dict(name="box", value=inner),
        ]

    @command(dtype_in=float)
    def Push(self, value):
        self._pushed = value
        self.push_change_event("pushed", value)

    @command(dtype_in=float)
    def PushArchive(self, value):
        self.push_archive_event("pushed", value)

    @command(dtype_in=float)
    def PushUser(self, value):
        self.push_event("pushed", [], [], value)

    @command(dtype_in=int)
    def Ready(self, counter):
        self.push_data_ready_event("pushed", counter)

    @command(dtype_in=str)
    def PushPipe(self, word):
        self.push_pipe_event("pp", ("pushed", {"word": word, "n": [1, 2, 3]}))

    @command(dtype_in=str, dtype_out=str)
    def Echo(self, text):
        return text

    @command(dtype_in=float)
    def SetWarm(self, value):
        self._warm = value

    @command(dtype_in=str)
    def SetText(self, text):
        self._text = text

    @command
    def AddOne(self):
        self.add_attribute(tango.Attr("added", tango.DevDouble), self._read_added)

    @command
    def RemoveOne(self):
        self.remove_attribute("added")

    def _read_added(self, attr):
        attr.set_value(1.0)


if __name__ == "__main__":
    run((Peer,))
