"""docs/developer.md as it stands: its blocks become files, its shell blocks are run. Only the two ports are others."""
import contextlib
import os
import pathlib
import random
import re
import socket
import subprocess
import sys

from gateway import BUILD, PATIENCE, ROOT

PAGE = ROOT / "docs" / "developer.md"
NODE = pathlib.Path(__file__).parent / "node" / "node_modules"


def free_ports(count):
    """Ports that nobody has. Where there are any: such as the kernel gives to nobody who asks for none in particular, else a connection of
    another test may take one before its server does."""
    low, high = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    given = range(low, high + 1)
    ports = random.sample(range(1024, 65536), 65536 - 1024)
    found = []
    for port in sorted(ports, key=given.__contains__):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError(f"no {count} free ports")


def blocks():
    return re.findall(r"^```(\w+) (\S+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def test_the_page_runs(tmp_path):
    api, application = free_ports(2)
    ports = {":8080": f":{api}", ":5000": f":{application}", ", 5000": f", {application}"}
    script = ""
    for kind, name, text in blocks():
        for old, new in ports.items():
            text = text.replace(old, new)
        (tmp_path / name).write_text(text)
        if kind == "sh":
            script += text + "\n"
    assert "record start" in script and (tmp_path / "app.test.js").exists()
    programs = [BUILD / "host", BUILD / "host/ctl", pathlib.Path(sys.executable).parent]
    env = dict(os.environ, NODE_PATH=str(NODE), PATH=":".join([*map(str, programs), os.environ["PATH"]]))
    run = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120 * PATIENCE)
    log = (tmp_path / "cellpostd.log").read_text()
    assert run.returncode == 0, run.stdout + run.stderr + log[-3000:]
    assert "Ran 4 tests" in run.stderr and "OK" in run.stderr
    assert "pass 2" in run.stdout
    assert "to=+41791112299 outcome=retry" in run.stdout
    assert "texts 1 tries" in run.stdout
