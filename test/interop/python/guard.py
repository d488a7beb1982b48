"""An access control device: everybody may write to test/..., all else may only be read."""

import tango
from tango.server import Device, command, run


class Guard(Device):
    @command(dtype_in=[str], dtype_out=str)
    def GetAccess(self, request):
        user, address, device = request
        assert user and address
        return "write" if device.startswith("test/") else "read"

    @command(dtype_in=str, dtype_out=[str])
    def GetAllowedCommands(self, name):
        return ["State", "Status", "DevString"] if name == "TangoTest" else ["State", "Status"]


if __name__ == "__main__":
    run((Guard,))
