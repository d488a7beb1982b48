"""A native client under access control: access_control_client.py DEVICE; prints what it may do.

SUPER_TANGO in the environment makes a client ignore access control.
"""
import json
import sys

import tango


def attempt(call, *arguments):
    try:
        call(*arguments)
        return "done"
    except tango.DevFailed as error:
        return error.args[0].reason


device = tango.DeviceProxy(sys.argv[1])
database = tango.DeviceProxy("sys/database/2")
print(json.dumps({
    "access": str(device.get_access_control()),
    "read": attempt(device.read_attribute, "double_scalar"),
    "state": attempt(device.state),
    "write": attempt(device.write_attribute, "double_scalar_w", 1.5),
    "allowed command": attempt(device.command_inout, "DevString", "x"),
    "other command": attempt(device.command_inout, "DevDouble", 1.0),
    "list": attempt(database.command_inout, "DbGetDeviceWideList", "*"),
    "add": attempt(database.command_inout, "DbAddDevice", ["S/1", "a/b/c", "C"]),
    "property": attempt(device.put_property, {"p": ["1"]}),
    "restart": attempt(tango.DeviceProxy(device.adm_name()).command_inout, "DevRestart", sys.argv[1]),
}))
