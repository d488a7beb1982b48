"""Asks a native database the commands of database-dialogue.json again and writes its answers into the file.

TANGO_HOST must be a fresh native database. Usage: record_database_dialogue.py FILE
"""
import json
import sys

import tango

path = sys.argv[1]
with open(path) as file:
    dialogue = json.load(file)
database = tango.DeviceProxy("sys/database/2")
database.set_timeout_millis(10000)
# a new native database has class properties of its own, which an empty store has not
for owner in ("DServer", "DataBase"):
    database.command_inout("DbDeleteClassProperty", [owner, "AllowedAccessCmd"])
for step in dialogue["steps"]:
    step.pop("result", None)
    step.pop("error", None)
    try:
        result = database.command_inout(step["command"], step["argument"])
        if isinstance(result, (list, tuple)) and len(result) == 2 and hasattr(result[0], "tolist"):
            result = {"lvalue": result[0].tolist(), "svalue": list(result[1])}
        elif result is not None and not isinstance(result, str):
            result = list(result)
        step["result"] = result
    except tango.DevFailed as failed:
        first = failed.args[0]
        step["error"] = {"reason": first.reason, "desc": first.desc, "origin": first.origin}
with open(path, "w") as file:
    steps = ",\n".join("  " + json.dumps(step) for step in dialogue["steps"])
    file.write('{\n "source": %s,\n "steps": [\n%s\n ]\n}\n' % (json.dumps(dialogue["source"]), steps))
