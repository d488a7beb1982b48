"""Records what a Tango device answers, in a form that can be compared between two servers.

What differs between any two runs is masked: times, ports, process ids, the names of device and server.
"""
import os
import re
import sys

import numpy
import tango

TRACE = os.environ.get("TRACE")

# attributes whose value changes by itself; of these only type and shape are recorded
RANDOM = re.compile(
    r"(_ro|_rww)$|^wave$|^(double|float|long|long64|short|uchar|ulong|ulong64|ushort)_scalar$", re.IGNORECASE
)


class Recorder:
    """Keeps the answers by the name of the step."""

    def __init__(self, masks):
        self.answers = {}
        self.masks = sorted(masks, key=lambda pair: -len(pair[0]))
        self.prefix = ""

    def step(self, name, call, *args, **kwargs):
        """Makes one call and records its result or its error; returns the result."""
        key = self.prefix + name
        assert key not in self.answers, key
        if TRACE:
            print(key, file=sys.stderr, flush=True)
        try:
            result = call(*args, **kwargs)
        except tango.DevFailed as error:
            self.answers[key] = {"error": self.errors(error)}
            return None
        except Exception as error:
            self.answers[key] = {"python": type(error).__name__ + ": " + self.text(str(error))}
            return None
        self.answers[key] = self.plain(result)
        return result

    def note(self, name, value):
        """Records a value that was not the result of one call."""
        self.answers[self.prefix + name] = self.plain(value)

    def errors(self, error):
        multiple = isinstance(error, tango.NamedDevFailedList)
        stack = [self.dev_error(e) for e in error.args if isinstance(e, tango.DevError)]
        if not multiple:
            return stack
        named = [
            {"name": f.name, "index": f.idx_in_call, "stack": [self.dev_error(e) for e in f.err_stack]}
            for f in error.err_list
        ]
        return {"stack": stack, "named": named}

    def dev_error(self, e):
        return {"reason": self.text(e.reason), "desc": self.text(e.desc), "origin": self.text(e.origin), "severity": str(e.severity)}

    def text(self, value):
        for found, mask in self.masks:
            value = re.sub(re.escape(found), mask, value, flags=re.IGNORECASE)
        value = re.sub(r"0x[0-9a-f]+", "ADDRESS", value)
        value = re.sub(r"\b\d{1,2}(st|nd|rd|th) \w+ \d{4} at [\d:]+", "DATE", value)
        value = re.sub(r"\b\d\d/\d\d/\d{4} [\d:]+", "DATE", value)
        value = re.sub(r"\bPID \d+", "PID NUMBER", value)
        value = re.sub(r"giop:unix:\S+|\blocalhost\b", "HOST", value)
        value = re.sub(r"(tcp://)?127\.0\.0\.1:\d+", "ENDPOINT", value)
        return value

    def plain(self, value):
        """A value as JSON."""
        if value is None or isinstance(value, (bool, int)):
            if isinstance(value, int) and not isinstance(value, bool) and type(value) is not int:
                return str(value)  # an enumeration of the binding
            return value
        if isinstance(value, float):
            return value if numpy.isfinite(value) else str(value)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return "bytes:" + value.hex()
        if isinstance(value, numpy.generic):
            return self.plain(value.item())
        if isinstance(value, numpy.ndarray):
            return {"dtype": str(value.dtype), "shape": list(value.shape), "values": self.plain(value.ravel()[:16].tolist())}
        if isinstance(value, tango.DeviceAttribute):
            return self.reading(value)
        if isinstance(value, tango.DevFailed):
            return {"error": self.errors(value)}
        if isinstance(value, tango.DevError):
            return self.dev_error(value)
        if isinstance(value, tango.TimeVal):
            return "TIME"
        if isinstance(value, tango.DeviceDataHistory):
            if value.has_failed():
                return {"failed": [self.dev_error(e) for e in value.get_err_stack()]}
            try:
                return {"value": self.plain(value.extract())}
            except tango.DevFailed as error:
                return {"empty": error.args[0].reason}
        if isinstance(value, dict):
            return {self.text(str(k)): self.plain(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)) or type(value).__name__.startswith("StdStringVector"):
            return [self.plain(v) for v in value]
        if hasattr(value, "__iter__"):
            return [self.plain(v) for v in value]
        if type(value).__module__.startswith(("tango", "PyTango", "boost_tango")):
            fields = [n for n in dir(value) if not n.startswith("_") and n != "extensions" and not callable(getattr(value, n))]
            names = getattr(type(value), "names", None)
            if isinstance(names, dict) or not fields:
                return str(value)
            return {name: self.plain(getattr(value, name)) for name in fields}
        return self.text(str(value))

    def reading(self, r):
        """One attribute value: everything but its time; of random values the type only."""
        record = {
            "name": r.name,
            "quality": str(r.quality),
            "format": str(r.data_format),
            "type": str(r.type),
            "dims": [r.dim_x, r.dim_y, r.w_dim_x, r.w_dim_y],
            "written": self.plain(r.w_value),
        }
        if r.has_failed:
            record["failed"] = [self.dev_error(e) for e in r.get_err_stack()]
        value = r.value
        if RANDOM.search(r.name):
            record["value"] = type(value).__name__ + (f" {value.dtype} {list(value.shape)}" if hasattr(value, "dtype") else "")
        elif isinstance(value, tuple):
            first = value[0] if value and isinstance(value[0], tuple) else value
            record["value"] = {"rows": len(value), "columns": len(first), "first": self.plain(list(first[:4]))}
        else:
            record["value"] = self.plain(value)
        return record
