"""A PyTango server with a device property and a memorized attribute: database_server.py <instance>."""
from tango import AttrWriteType
from tango.server import Device, attribute, device_property, run


class PyClass(Device):
    start = device_property(dtype=float, default_value=1.0)
    value = attribute(dtype=float, access=AttrWriteType.READ_WRITE, memorized=True, hw_memorized=True)

    def init_device(self):
        super().init_device()
        self._value = self.start

    def read_value(self):
        return self._value

    def write_value(self, value):
        self._value = value


if __name__ == "__main__":
    run((PyClass,))
