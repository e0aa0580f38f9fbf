from __future__ import annotations

import re

from improvd.control import prometheus
from improvd.control.shown import shown

STATUS = {
    "version": "1.0",
    "pid": 7,
    "uptime": 93784.5,
    "state": "answering",
    "muted": True,
    "ports": {
        "api": "alsa",
        "inputs": [{"wanted": "Keys", "name": "Keys 20:0"}, {"wanted": "Pads", "name": ""}],
        "output": {"wanted": "", "name": "improvd out"},
        "instrument": "separate",
        "grants": "",
    },
    "model": {"name": 'my "best"\\model', "sha": "ab", "step": 0.0001},
    "tempo": {"bpm": 96.5, "confidence": 0.75, "leader": "clock"},
    "recording": "2026-01-01_120000",
    "notes": {"heard": 10, "played": 20, "yielded": 1},
    "turns": {"finished": 2, "interrupted": 1, "abandoned": 0},
    "missed": {"notes": 3, "beats": 1, "answers": 0},
    "lateness": {
        "median": 0.0001,
        "p95": 0.0002,
        "p99": 0.0003,
        "max": 0.01,
        "messages": 6,
        "total": 0.0125,
        "classes": [[0.0001, 3], [0.001, 2], [None, 1]],
    },
    "restarts": {"ports": 1, "model": 0},
    "memory": {"engine": 22_798_336},
    "clients": 2,
    "settings": {},
}
STARTING = {**STATUS, "state": "starting", "ports": None, "model": None, "recording": None}
WAITING = {**STATUS, "ports": {**STATUS["ports"], "inputs": [{"wanted": "Keys", "name": ""}]}}
SAMPLE = re.compile(r'improvd_[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\.)*"(?:,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? -?[0-9.e+-]+')


def test_every_line_is_one_of_the_format() -> None:
    for status in (STATUS, STARTING, WAITING):
        text = prometheus.text(status)
        assert text.endswith("\n")
        declared = set()
        for line in text.splitlines():
            if line.startswith("# TYPE"):
                name, kind = line.split()[2:]
                assert kind in ("gauge", "counter", "histogram")
                assert (kind == "counter") == name.endswith("_total")
                declared.add(name)
            elif not line.startswith("# HELP"):
                assert SAMPLE.fullmatch(line), line
                assert re.sub(r"_(bucket|sum|count)$", "", re.split(r"[ {]", line)[0]) in declared


def test_the_figures_are_those_of_the_status() -> None:
    lines = prometheus.text(STATUS).splitlines()
    for line in (
        'improvd_info{version="1.0",model="my \\"best\\"\\\\model"} 1',
        'improvd_state{state="answering"} 1',
        'improvd_state{state="call"} 0',
        "improvd_muted 1",
        'improvd_port_open{port="input",wanted="Keys"} 1',
        'improvd_port_open{port="input",wanted="Pads"} 0',
        'improvd_port_open{port="output",wanted=""} 1',
        "improvd_recording 1",
        "improvd_tempo_bpm 96.5",
        'improvd_notes_total{what="dropped"} 3',
        'improvd_memory_bytes{process="engine"} 22798336',
    ):
        assert line in lines


def test_the_histogram_adds_up() -> None:
    lines = prometheus.text(STATUS).splitlines()
    assert [line for line in lines if line.startswith("improvd_lateness")] == [
        'improvd_lateness_seconds_bucket{le="0.0001"} 3',
        'improvd_lateness_seconds_bucket{le="0.001"} 5',
        'improvd_lateness_seconds_bucket{le="+Inf"} 6',
        "improvd_lateness_seconds_sum 0.0125",
        "improvd_lateness_seconds_count 6",
    ]


def test_people_read_it_in_a_few_lines() -> None:
    lines = shown(STATUS).splitlines()
    assert lines[:3] == [
        "state      answering, muted; up for 1 d 2 h",
        "ports      hearing 'Keys 20:0', waiting for 'Pads', playing 'improvd out' (alsa)",
        'model      my "best"\\model, 100 µs a note',
    ]
    assert "tempo      96 bpm, 75% sure; the MIDI clock leads" in lines
    sharing = {**STATUS, "tempo": {"bpm": 120.0, "confidence": 1.0, "leader": "link", "peers": 2}}
    assert "tempo      120 bpm; link, 2 peers" in shown(sharing).splitlines()
    assert "lateness   median 0.10, p95 0.20, p99 0.30, max 10.00 ms, of 6 messages" in lines
    assert "memory     engine 23 MB" in lines
    assert shown(STARTING).splitlines()[1:3] == ["ports      not open", "model      being loaded"]
    assert shown(WAITING).splitlines()[1] == "ports      waiting for a keyboard, playing 'improvd out' (alsa)"
