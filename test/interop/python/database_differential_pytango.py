"""Steps of database_differential.py through PyTango's class Database, every method of it."""

import tango


def pytango_steps(r, db, address):
    """Calls every method, most of them with what is there and with what is not."""
    r.prefix = "PyTango: "
    # the port differs; two are of a database in a file; export_event makes PyTango itself crash
    done = {"get_db_port_num", "reread_filedatabase", "write_filedatabase", "export_event"}

    def call(name, *args, **kwargs):
        done.add(name)
        key = f"{name}({', '.join(described(a) for a in args)})"
        again = 1
        while r.prefix + key in r.answers:
            again += 1
            key = f"{name}({', '.join(described(a) for a in args)}) #{again}"
        return r.step(key, getattr(db, name), *args, **kwargs)

    connection_calls(r, call, address)
    device_calls(r, call, db)
    list_calls(call)
    alias_calls(call)
    property_calls(call)
    member_calls(call)
    server_calls(call)
    service_calls(call)
    missing = [n for n in dir(db) if not n.startswith("_") and callable(getattr(db, n)) and n not in done | CONNECTION and not n.startswith("defaultCommand")]
    r.note("methods left out", missing)


# methods of any connection, not of the database
CONNECTION = {
    "cancel_all_polling_asynch_request", "cancel_asynch_request", "command_inout", "command_inout_asynch", "command_inout_raw", "command_inout_reply",
    "command_inout_reply_raw", "connect", "reconnect", "get_asynch_replies", "get_fqdn", "get_source", "set_source", "get_timeout_millis",
    "set_timeout_millis", "get_transparency_reconnection", "set_transparency_reconnection", "is_dbase_used", "get_access_control", "set_access_control",
    "get_access_right", "get_dev_host", "get_dev_port", "set_access_checked", "build_connection", "check_tango_host", "dev_name",
}


def described(value):
    if isinstance(value, tango.DbDevInfo):
        return f"{value.name} {value._class} {value.server}"
    if isinstance(value, tango.DbDevExportInfo):
        return f"{value.name} {value.host}"
    if isinstance(value, tango.DbServerInfo):
        return f"{value.name} {value.host} {value.mode} {value.level}"
    if isinstance(value, tango.DbDatum):
        return f"{value.name}={list(value.value_string)}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {described(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(described, value)) + "]"
    return repr(value)


def info(server, device_class, name):
    made = tango.DbDevInfo()
    made.server, made._class, made.name = server, device_class, name
    return made


def export(name, host="host1", pid=77):
    made = tango.DbDevExportInfo()
    made.name, made.ior, made.host, made.version, made.pid = name, "IOR:0099", host, "5", pid
    return made


def server_info(name, host, mode, level):
    made = tango.DbServerInfo()
    made.name, made.host, made.mode, made.level = name, host, mode, level
    return made


def connection_calls(r, call, address):
    for name in ("get_db_host", "get_db_port", "get_from_env_var", "is_multi_tango_host", "get_idl_version", "get_access_except_errors",
                 "is_control_access_checked", "get_file_name", "get_server_release", "dev_name"):
        call(name)
    done = call("get_info")
    r.note("get_info lines", done and len(done.split("\n")))
    r.answers.pop(r.prefix + "get_info()")
    call("check_access_control", "py/a/1")


def device_calls(r, call, db):
    call("add_device", info("PySrv/1", "PyClass", "py/a/1"))
    call("add_device", info("PySrv/1", "PyClass", "py/a/2"))
    call("add_device", info("PySrv/1", "Other", "Py/A/3"))
    call("add_device", info("PySrv/1", "PyClass", "wrong"))
    call("add_server", "PySrv/2", [info("PySrv/2", "PyClass", "py/b/1"), info("PySrv/2", "Other", "py/b/2")])
    call("add_server", "PySrv/3", info("PySrv/3", "PyClass", "py/c/1"), with_dserver=True)
    call("add_server", "PySrv/4", [])
    call("import_device", "py/a/1")
    call("import_device", "unknown/a/b")
    call("export_device", export("py/a/1"))
    call("export_device", export("unknown/a/b"))
    call("export_device", export("dserver/PySrv/1"))
    call("export_server", [export("py/b/1"), export("py/b/2", "host2", -1)])
    call("export_server", export("py/c/1"))
    for name in ("py/a/1", "PY/A/3", "py/b/2", "unknown/a/b"):
        call("import_device", name)
        call("get_device_info", name)
    call("unexport_device", "py/a/1")
    call("unexport_device", "unknown/a/b")
    call("unexport_server", "PySrv/2")
    call("get_device_info", "py/a/1")
    call("get_device_info", "py/b/1")
    call("get_class_for_device", "py/a/1")
    call("get_class_for_device", "unknown/a/b")
    call("get_class_inheritance_for_device", "py/a/1")
    call("delete_device", "py/a/2")
    call("delete_device", "unknown/a/b")
    call("delete_device", "wrong")
    call("unexport_event", "notifd/py")
    call("unexport_event", "unknown")


def list_calls(call):
    for pattern in ("*", "py*", "PY/*", "unknown", "", "%", "p_/*"):
        for name in ("get_device_domain", "get_device_family", "get_device_member", "get_device_exported", "get_device_exported_for_class", "get_class_list",
                     "get_object_list", "get_host_list", "get_server_list", "get_device_alias_list", "get_attribute_alias_list"):
            call(name, pattern)
    call("get_host_list")
    call("get_server_list")
    call("get_server_name_list")
    for name in ("PySrv", "pysrv", "unknown", "*", ""):
        call("get_instance_name_list", name)
    for server in ("PySrv/1", "pysrv/1", "unknown/1", "*"):
        call("get_device_class_list", server)
        call("get_server_class_list", server)
        for name in ("PyClass", "*", "unknown"):
            call("get_device_name", server, name)


def alias_calls(call):
    call("put_device_alias", "py/a/1", "pya")
    call("put_device_alias", "py/b/1", "PYA")
    call("put_device_alias", "py/b/1", "with/slash")
    for name in ("pya", "PYA", "unknown", "py/a/1"):
        call("get_alias", name)
        call("get_device_alias", name)
        call("get_alias_from_device", name)
        call("get_device_from_alias", name)
        call("import_device", name) if "/" not in name else None
    call("put_attribute_alias", "py/a/1/x", "pyx")
    call("put_attribute_alias", "py/b/1/x", "PYX")
    call("put_attribute_alias", "py/b/1", "short")
    for name in ("pyx", "PYX", "unknown", "py/a/1/x", "PY/A/1/X"):
        call("get_attribute_alias", name)
        call("get_attribute_from_alias", name)
        call("get_alias_from_attribute", name)
    call("get_device_alias_list", "*")
    call("get_attribute_alias_list", "*")
    call("delete_device_alias", "PYA")
    call("delete_device_alias", "unknown")
    call("delete_attribute_alias", "PYX")
    call("delete_attribute_alias", "unknown")
    call("get_device_alias_list", "*")
    call("get_attribute_alias_list", "*")


def property_calls(call):
    call("put_device_property", "py/a/1", {"one": "1", "two": ["a", "b"], "number": 3.5})
    call("put_class_property", "PyClass", {"one": ["1"], "two": ["a", "b"]})
    call("put_property", "py_object", {"one": ["1"], "two": ["a", "b"]})
    holders = (("device", "py/a/1"), ("class", "PyClass"), ("", "py_object"))
    for kind, holder in holders:
        words = kind + "_" if kind else ""
        for asked in ("one", ["one", "missing", "TWO"], "missing", "o*", {"one": [], "two": []}):
            call(f"get_{words}property", holder, asked)
        if not kind:
            call("get_property_forced", holder, ["one", "missing"])
        call(f"put_{words}property", holder, {"one": ["2", "3"]})
        call(f"delete_{words}property", holder, "two")
        call(f"delete_{words}property", holder, ["missing", "unknown"])
        call(f"get_{words}property", holder, ["one", "two"])
        call(f"get_{words}property_history", holder, "one")
        call(f"get_{words}property_history", holder, "two")
        call(f"get_{words}property_history", holder, "*")
        call(f"get_{words}property_history", holder, "missing")
    for pattern in ("*", "o*", "missing"):
        call("get_device_property_list", "py/a/1", pattern)
        call("get_object_property_list", "py_object", pattern)
    call("get_class_property_list", "PyClass")
    call("get_class_property_list", "*")


def member_calls(call):
    for kind, holder in (("device_attribute", "py/a/1"), ("class_attribute", "PyClass"), ("device_pipe", "py/a/1"), ("class_pipe", "PyClass")):
        call(f"put_{kind}_property", holder, {"Pos": {"label": ["P"], "enum": ["a", "b"]}, "vel": {"unit": ["mm"]}})
        for asked in ("Pos", ["pos", "missing"], "missing"):
            call(f"get_{kind}_property", holder, asked)
        if kind.startswith("class"):
            for pattern in ("*", "p*", "missing"):
                call(f"get_{kind}_list", holder, pattern)
        call(f"delete_{kind}_property", holder, {"Pos": ["label"]})
        call(f"delete_{kind}_property", holder, {"missing": ["label"]})
        call(f"get_{kind}_property", holder, "Pos")
        for name in ("label", "*", "missing"):
            call(f"get_{kind}_property_history", holder, "Pos", name)
    filled_lists(call)


def filled_lists(call):
    """Two methods fill a list given to them."""
    for name in ("get_device_attribute_list", "get_device_pipe_list"):
        names = tango.StdStringVector()
        call(name, "py/a/1", names)
        call(name, "py/a/1", [])


def server_calls(call):
    call("put_server_info", server_info("PySrv/1", "host1", 1, 3))
    call("put_server_info", server_info("PySrv/2", "", 0, 0))
    for name in ("PySrv/1", "pysrv/2", "unknown/1"):
        call("get_server_info", name)
    for host in ("host1", "host2", "unknown", "*"):
        call("get_host_server_list", host)
    call("delete_server_info", "PySrv/1")
    call("delete_server_info", "unknown/1")
    call("get_server_info", "PySrv/1")
    call("rename_server", "PySrv/2", "PySrv/5")
    call("rename_server", "unknown/1", "unknown/2")
    call("rename_server", "PySrv/5", "PySrv/1")
    call("get_server_list", "Py*")
    for name in ("PySrv/1", "PySrv/3", "PySrv/4", "PySrv/5", "unknown/1"):
        call("delete_server", name)
    call("get_server_list", "Py*")


def service_calls(call):
    call("get_services", "Measure", "*")
    call("register_service", "Measure", "one", "py/a/1")
    call("register_service", "Measure", "two", "py/b/1")
    call("register_service", "measure", "ONE", "py/b/2")
    call("get_services", "Measure", "*")
    call("get_services", "Measure", "two")
    call("get_device_service_list", "py/a/1")
    call("get_service_list", ".*")
    call("get_property", "CtrlSystem", "Services")
    call("unregister_service", "Measure", "one")
    call("unregister_service", "Measure", "unknown")
    call("get_services", "Measure", "*")
    call("unregister_service", "Measure", "two")
    call("get_services", "Measure", "*")
