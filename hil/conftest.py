"""The bench: `pytest hil --rig host --rig avr` (or `--rig all`, or `--rig FILE.toml`); without --rig: host. See README.md."""
import pathlib

import pytest

from program import Missing
from rig import Rig, read_rig

collect_ignore = ["sim"]  # what is true of one simulator alone: ctest runs it
RIGS = pathlib.Path(__file__).parent / "rigs"


def pytest_addoption(parser):
    parser.addoption("--rig", action="append", help="a rig of hil/rigs, a path of a rig file, or all; may be repeated")
    parser.addoption("--seed", type=int, help="repeats one random sequence")
    parser.addoption("--sequences", type=int, help="how many random sequences, instead of the rig's own number")


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(*words): words of CAPS in lower case, capabilities of HELLO in upper case, slots=N")


def rig_names(config):
    names = config.getoption("--rig") or ["host"]
    return sorted(path.stem for path in RIGS.glob("*.toml") if "example" not in path.stem) if names == ["all"] else names


def seeds(config, spec):
    """The random sequences of a rig: its own number, --sequences, or the one that --seed names."""
    if config.getoption("--seed") is not None:
        return [config.getoption("--seed")]
    return range(1, 1 + (config.getoption("--sequences") or spec["board"].get("sequences", 40)))


def pytest_generate_tests(metafunc):
    if "rig_spec" not in metafunc.fixturenames:
        return
    specs = [read_rig(name) for name in rig_names(metafunc.config)]
    if "seed" in metafunc.fixturenames:
        pairs = [(spec, seed) for spec in specs for seed in seeds(metafunc.config, spec)]
        metafunc.parametrize("rig_spec, seed", pairs, ids=[f"{spec['name']}-{seed}" for spec, seed in pairs])
    else:
        metafunc.parametrize("rig_spec", specs, ids=[spec["name"] for spec in specs])


CURES = {}  # rung -> seconds from a hang until the next message was sent


def pytest_terminal_summary(terminalreporter):
    if CURES:
        each = ", ".join(f"{rung} {sum(times) / len(times):.1f} s (n={len(times)})" for rung, times in sorted(CURES.items(), key=lambda item: min(item[1])))
        terminalreporter.write_line(f"hang to next sent message: {each}")


@pytest.fixture(scope="session")
def cures():
    """Add a time by cures(rung, seconds): their means are printed at the end."""
    return lambda rung, seconds: CURES.setdefault(rung, []).append(seconds)


def missing(rig, words):
    """Why the rig cannot run a case that needs these, or None."""
    for word in words:
        if word.startswith("slots="):
            lacks = rig.slots < int(word[6:])
        else:
            lacks = word not in (rig.link_caps if word.isupper() else rig.caps)
        if lacks:
            return f"rig {rig.spec['name']} has no {word}"
    return None


@pytest.fixture
def make_rig(rig_spec, request, tmp_path_factory):
    """Boards of the rig, new as from the factory; options as of Rig."""
    rigs = []

    def make(**options):
        try:
            rigs.append(Rig(rig_spec, tmp_path_factory.mktemp("b"), **options))  # a socket's path is short
        except Missing as why:
            pytest.skip(f"rig {rig_spec['name']}: {why}")
        for mark in request.node.iter_markers("needs"):
            if why := missing(rigs[-1], mark.args):
                pytest.skip(why)
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.close()


@pytest.fixture
def rig(make_rig):
    return make_rig()
