"""The event steps of the differential test: what subscribers of each event type get."""
import threading

import tango

KINDS = {
    "change": tango.EventType.CHANGE_EVENT,
    "periodic": tango.EventType.PERIODIC_EVENT,
    "archive": tango.EventType.ARCHIVE_EVENT,
    "user": tango.EventType.USER_EVENT,
    "data ready": tango.EventType.DATA_READY_EVENT,
    "configuration": tango.EventType.ATTR_CONF_EVENT,
}


class Events:
    """Collects events as records without what differs between runs."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.lock = threading.Lock()
        self.records = []

    def push_event(self, event):
        record = {"attribute": event.attr_name.split("/")[-1] if hasattr(event, "attr_name") else "", "event": event.event, "err": event.err}
        if event.err:
            record["errors"] = [self.recorder.dev_error(e) for e in event.errors]
        elif getattr(event, "attr_value", None) is not None:
            record["reading"] = self.recorder.reading(event.attr_value)
        elif getattr(event, "attr_conf", None) is not None:
            record["configuration"] = self.recorder.plain(event.attr_conf)
        elif hasattr(event, "cmd_list"):
            record["commands"] = len(event.cmd_list)
            record["attributes"] = len(event.att_list)
            record["started"] = event.dev_started
        elif getattr(event, "pipe_value", None) is not None:
            record["pipe"] = self.recorder.text(str(event.pipe_value))
        with self.lock:
            self.records.append(record)

    def __len__(self):
        with self.lock:
            return len(self.records)


def event_steps(r, d, until, filled, database):
    r.prefix = "event "
    for name, kind in KINDS.items():
        for attribute in ("short_scalar_ro", "nothing", "throw_exception"):
            events = Events(r)
            number = r.step(f"{name} of {attribute}, not polled", d.subscribe_event, attribute, kind, events)
            if number is None:
                continue
            r.answers[r.prefix + f"{name} of {attribute}, not polled"] = "subscribed"
            r.note(f"{name} of {attribute}, not polled, first", events.records)
            r.step(f"{name} of {attribute}, not polled, end", d.unsubscribe_event, number)
    if database:  # both change the configuration
        polled(r, d, until, filled)
        configuration(r, d, until)
    device_events(r, d)
    r.step("unsubscribe from none", d.unsubscribe_event, 999999)
    r.prefix = ""


def polled(r, d, until, filled):
    """Events from polling: the text changes when it is written, the failing attribute sends its error."""
    d.write_attribute("string_scalar", "start")
    d.write_attribute("uchar_spectrum", [1, 2])
    for name in ("uchar_spectrum", "throw_exception"):
        config = d.get_attribute_config_ex(name)[0]
        config.events.ch_event.abs_change = "2"
        config.events.arch_event.archive_abs_change = "3"
        config.events.per_event.period = "200"
        d.set_attribute_config(config)
    for name in ("string_scalar", "uchar_spectrum", "throw_exception"):
        d.poll_attribute(name, 50)
    until("polling", lambda: all(filled(d.attribute_history, n) for n in ("string_scalar", "uchar_spectrum", "throw_exception")))

    text, numbers, archive, failing, periodic = (Events(r) for _ in range(5))
    ids = [
        d.subscribe_event("string_scalar", tango.EventType.CHANGE_EVENT, text),
        d.subscribe_event("uchar_spectrum", tango.EventType.CHANGE_EVENT, numbers),
        d.subscribe_event("uchar_spectrum", tango.EventType.ARCHIVE_EVENT, archive),
        d.subscribe_event("throw_exception", tango.EventType.CHANGE_EVENT, failing),
        d.subscribe_event("uchar_spectrum", tango.EventType.PERIODIC_EVENT, periodic),
    ]
    # a few periods let the detectors see the present values before they change
    until("periodic events", lambda: len(periodic) >= 3)
    before = [len(e) for e in (text, numbers, archive)]
    r.note("counts before changes", {"text": before[0], "numbers": before[1], "archive": before[2]})
    d.write_attribute("string_scalar", "changed")
    until("the text", lambda: len(text) > before[0])
    d.write_attribute("uchar_spectrum", [1, 3])
    seen = len(periodic)
    until("two periods", lambda: len(periodic) >= seen + 2)
    r.note("nothing below the threshold", len(numbers) - before[1])
    d.write_attribute("uchar_spectrum", [1, 9])
    until("numbers", lambda: len(numbers) > before[1])
    until("archive", lambda: len(archive) > before[2])
    d.write_attribute("uchar_spectrum", [1])
    until("a new size", lambda: len(numbers) > before[1] + 1 and len(archive) > before[2] + 1)
    for name, events in {"text": text, "numbers": numbers, "archive": archive}.items():
        r.note("change of " + name, events.records)
    r.note("failing", failing.records[:2])
    r.note("periodic", [periodic.records[0], periodic.records[-1]])
    for number in ids:
        d.unsubscribe_event(number)
    for name in ("string_scalar", "uchar_spectrum", "throw_exception"):
        d.stop_poll_attribute(name)


def configuration(r, d, until):
    events = Events(r)
    number = d.subscribe_event("ampli", tango.EventType.ATTR_CONF_EVENT, events)
    until("the first configuration", lambda: len(events) == 1)
    config = d.get_attribute_config_ex("ampli")[0]
    config.label = "amplitude"
    d.set_attribute_config(config)
    until("the changed configuration", lambda: len(events) == 2)
    r.note("configuration", events.records)
    d.unsubscribe_event(number)


def device_events(r, d):
    interface = Events(r)
    number = r.step("interface", lambda: d.subscribe_event(tango.EventType.INTERFACE_CHANGE_EVENT, interface) and None)
    r.note("interface, first", interface.records)
    for pipe in ("string_long_short_ro", "nothing"):
        events = Events(r)
        r.step("pipe " + pipe, lambda: d.subscribe_event(pipe, tango.EventType.PIPE_EVENT, events) and None)
        r.note(f"pipe {pipe}, first", events.records)
    del number
