"""Runs tests/sdk/node (npm twilio) against the same gateway; each Node test counts as one here."""
import re

import pytest

import node_suite
from gateway import SERVICE


@pytest.fixture(scope="module")
def node_run(bench):
    def inject(query):
        bench.inject(query["from"], query["text"])
        return ""

    with node_suite.answering(inject) as url:
        return node_suite.run(
            "cellpost", bench.gateway, seconds=300, SERVICE=SERVICE, FROM=bench.ward, DOWN=bench.ship, INJECT=url
        )


def names():
    table = re.search(r"const refusals = \[(.*?)\n\];", node_suite.source("cellpost"), re.S).group(1)
    return node_suite.names("cellpost") + [f"refused: {name}" for name in re.findall(r"^  \['([^']+)'", table, re.M)]


@pytest.mark.parametrize("name", names())
def test_node(node_run, name):
    node_run.assert_passed(name)
