"""Reads a device that a beamline file describes: state, a value, unit, thresholds and a property, by its alias."""
import json
import sys

import tango

device = tango.DeviceProxy(sys.argv[1])
config = device.get_attribute_config("double_scalar")
print(
    json.dumps(
        {
            "name": device.dev_name(),
            "class": device.info().dev_class,
            "server": device.info().server_id,
            "number": isinstance(device.read_attribute("double_scalar").value, float),
            "unit": config.unit,
            "change": config.events.ch_event.abs_change,
            "property": list(device.get_property("Channels")["Channels"]),
        }
    )
)
