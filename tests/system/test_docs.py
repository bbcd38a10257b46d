"""The configurations that the documentation shows are ones that the daemon takes."""
import pathlib
import re
import subprocess

import pytest

from gateway import BUILD

ROOT = pathlib.Path(__file__).parents[2]


def indented(text):
    """README's, in a list: from [daemon] as far as the indent goes."""
    block = re.search(r"^( +)\[daemon\]\n(?:\1.*\n|\n)*", text, re.M)
    return "\n".join(line.strip() for line in block.group().splitlines())


def configurations():
    yield "README.md", indented((ROOT / "README.md").read_text())
    yield "packaging/cellpost.ini", (ROOT / "packaging/cellpost.ini").read_text()
    for page in sorted((ROOT / "docs").glob("*.md")):
        for number, block in enumerate(re.findall(r"^```ini[^\n]*\n(.*?)^```", page.read_text(), re.M | re.S)):
            yield f"{page.name}-{number}", block


FOUND = list(configurations())


def check(folder, text):
    file = folder / "cellpost.ini"
    file.write_text(text)
    return subprocess.run([BUILD / "host/cellpostd", "--check", file], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("text", [text for _, text in FOUND], ids=[name for name, _ in FOUND])
def test_configuration_is_accepted(tmp_path, text):
    done = check(tmp_path, text)
    assert done.returncode == 0, done.stdout + done.stderr


def test_unknown_section_names_those_that_are_known(tmp_path):
    done = check(tmp_path, "[nope]\n")
    sections = set(re.findall(r"^\[(\w+)", subprocess.run([BUILD / "host/cellpostd", "--options"], capture_output=True, text=True).stdout, re.M))
    assert done.returncode != 0 and "tls" in sections
    assert not [name for name in sections if name not in done.stdout + done.stderr]
