"""Writes an attribute of a device and says how that ended: `written`, or the reason of the refusal."""

import sys

import tango

try:
    tango.DeviceProxy(sys.argv[1]).write_attribute("level", 2.0)
    print("written")
except tango.DevFailed as failure:
    print(failure.args[0].reason)
