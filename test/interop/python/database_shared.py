"""Writes through each of several database servers and reads what it wrote through all of them.

Arguments: addresses host:port. Prints one line of JSON: for each writer what each reader saw.
"""
import json
import sys

import tango

servers = [tango.Database(*(address.split(":"))) for address in sys.argv[1:]]
seen = []
for number, writer in enumerate(servers):
    device = f"shared/by/{number}"
    info = tango.DbDevInfo()
    info.name, info._class, info.server = device, "Shared", f"Shared/{number}"
    writer.add_device(info)
    # this class writes UTF-8
    writer.put_device_property(device, {"wide": ["\xe9\xb5'\"\\", "two"], "gone": ["x"]})
    writer.delete_device_property(device, ["gone"])
    writer.put_device_alias(device, f"alias{number}")
    writer.put_device_attribute_property(device, {"at": {"label": "L", "unit": "mm"}})
    writer.put_class_property("Shared", {"last": [str(number)]})
    writer.put_attribute_alias(f"{device}/at", f"at{number}")
    row = []
    for reader in servers:
        history = reader.get_device_property_history(device, "gone")
        row.append(
            [
                list(reader.get_device_property(device, "wide")["wide"]),
                sorted([entry.get_name(), entry.is_deleted(), list(entry.get_value().value_string)] for entry in history),
                reader.get_device_from_alias(f"alias{number}"),
                {k: list(v) for k, v in reader.get_device_attribute_property(device, "at")["at"].items()},
                list(reader.get_class_property("Shared", "last")["last"]),
                reader.get_attribute_from_alias(f"at{number}"),
                [list(reader.get_device_name(f"Shared/{number}", "*"))],
            ]
        )
    seen.append(row)
for server in servers:
    try:
        server.put_device_alias("shared/by/0", "alias1")
        seen.append("taken twice")
    except tango.DevFailed as failed:
        seen.append(failed.args[0].reason)
print(json.dumps(seen))
