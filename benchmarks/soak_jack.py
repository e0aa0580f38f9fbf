"""Hours of playing in real time over JACK, everything switched on: what leaves late, what grows, what hangs.

    python benchmarks/soak_jack.py FOLDER [--hours 1] [--seed 0]
    python benchmarks/soak_chart.py FOLDER docs/soak.svg

On a JACK server of its own, `improvd run` as it is shipped: the default model, the page, recordings. A made-up player
plays phrases in keys and tempos of their own, into answers, after them and after long pauses, and loses one message in
a thousand. A browser has the page open, a WebSocket client and `improvd status --watch` look on, and every ten seconds
all processes are looked at. FOLDER, which must be new, gets `samples.jsonl`, `figures.json` and the recordings; figures
are printed too. Exit status 1 where a note hung, a recorded note was lost, or improvd didn't end as it should. Needs
jackd2, Chromium, what the tests need, and Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import mido
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from improvd.core.events import Seconds, Sent  # noqa: E402  found by the line above
from tests.daemon.running import Running, children, command_of  # noqa: E402  as above
from tests.jack.stage import Heard, JackServer, Piano, Score  # noqa: E402  as above
from tests.page.browser import browser, seeing  # noqa: E402  as above
from tests.rehearsal.soak import HOUR, Watch  # noqa: E402  as above
from tests.rehearsal.someone import plays  # noqa: E402  as above

EVERY = 10.0
"""Seconds from one sample to the next."""
SETTLING = 30.0
"""Seconds after the last key in which the last answer ends."""
ROLES = {"ports": "daemon.ports", "model": "daemon.worker", "page": "page.process"}


class Onlooker(threading.Thread):
    """A client of the page's socket that reads all it is told: each message sent, and how many events of each kind."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.told: Counter[str] = Counter()
        self.sent: list[Sent] = []
        address = url.rstrip("/")
        self._socket = connect(address.replace("http", "ws", 1) + "/ws", origin=Origin(address))
        self.start()

    def run(self) -> None:
        """Until the page goes."""
        with suppress(ConnectionClosed):
            for line in self._socket:
                event = json.loads(line)
                self.told[event["event"]] += 1
                if event["event"] == "sent":
                    self.sent.append(Sent(event["planned"], event["actual"], bytes(event["data"])))

    def close(self) -> None:
        """Leave."""
        self._socket.close()
        self.join()


def footprint(pid: int) -> dict[str, float]:
    """Of one process: its share of memory in MB (PSS), file descriptors, threads, and seconds of processor."""
    folder = Path(f"/proc/{pid}")
    shares = [line for line in (folder / "smaps_rollup").read_text().splitlines() if line.startswith("Pss:")]
    cpu = sum(int(stat.read_text().split()[0]) for stat in folder.glob("task/*/schedstat")) / 1e9
    return {
        "mb": int(shares[0].split()[1]) / 1024,
        "files": len(list((folder / "fd").iterdir())),
        "threads": len(list((folder / "task").iterdir())),
        "cpu": round(cpu, 3),
    }


def processes(engine: int) -> dict[str, int]:
    """The process id of each of improvd's processes by what it does."""
    commands = {child: command_of(child) for child in children(engine)}
    found = {role: pid for pid, words in commands.items() for role, word in ROLES.items() if word in words}
    return {"engine": engine, **found}


def sample(begun: float, engine: int, status: Running, heap: float) -> dict[str, Any]:
    """How all is now."""
    said = json.loads(status.lines[-1])
    return {
        "at": round(time.monotonic() - begun, 1),
        "load": os.getloadavg()[0],
        "processes": {role: footprint(pid) for role, pid in processes(engine).items()},
        "browser_heap_mb": heap,
        **{name: said[name] for name in ("lateness", "missed", "notes", "turns", "restarts", "clients")},
    }


def soak(folder: Path, hours: float, seed: int) -> dict[str, Any]:
    """Play for so long; the figures."""
    os.environ.update(JACK_NO_AUDIO_RESERVATION="1", JACK_NO_START_SERVER="1")
    server = JackServer("improvd-soak")
    if not server.start():
        sys.exit("no JACK server would start")
    score = [(float(event.at), tuple(event.data)) for event in plays(hours * HOUR, seed)]
    with ExitStack() as stack:
        stack.callback(server.end)
        keyboard, synth = stack.enter_context(closing(Piano("keyboard"))), stack.enter_context(closing(Piano("module")))
        ports = ["--api", "jack", "--in", "keyboard:keys", "--out", "module:midi"]
        kept = ["--recordings", str(folder / "sessions"), "--seed", str(seed)]
        improvd = Running(["-m", "improvd", "run", *ports, *kept], XDG_RUNTIME_DIR=str(folder))
        stack.callback(improvd.kill)
        url = improvd.wait_line("the page: ").rpartition(" ")[2]
        improvd.wait_line("ready: ")
        socket = str(folder / "improvd" / "control.sock")
        status = Running(["-m", "improvd", "status", "--watch", "--json", "--socket", socket])
        stack.callback(status.kill)
        status.wait_line("{")
        onlooker = Onlooker(url)
        stack.callback(onlooker.close)
        seen = stack.enter_context(seeing(stack.enter_context(browser()), url))
        engine, begun = improvd.process.pid, time.monotonic()
        player = threading.Thread(target=lambda: keyboard.play(score))
        player.start()
        samples = []
        with (folder / "samples.jsonl").open("w") as file:
            while player.is_alive() or time.monotonic() < begun + score[-1][0] + SETTLING:
                seen.page.wait_for_timeout(1000 * EVERY)
                heap = seen.page.evaluate("performance.memory.usedJSHeapSize") / 1e6
                samples.append(sample(begun, engine, status, heap))
                print(json.dumps(samples[-1]), file=file, flush=True)
        faults = list(seen.faults)
        exit_status = improvd.end()
    heard = [message for message in synth.heard.all() if message.at >= begun]
    return figures(folder, Soaked(samples, score, heard, onlooker, faults, exit_status))


class Soaked(NamedTuple):
    """What there is to be told of: what the synth ``heard`` since all looked on, and the browser's ``faults``."""

    samples: list[dict[str, Any]]
    score: Score
    heard: list[Heard]
    onlooker: Onlooker
    faults: list[str]
    exit_status: int


def figures(folder: Path, soaked: Soaked) -> dict[str, Any]:
    """What is to be told of it, the recordings in ``folder`` included."""
    samples, watch = soaked.samples, Watch()
    for message in soaked.heard:
        watch.look(Sent(Seconds(message.at), Seconds(message.at), message.data))
    watch.end()
    struck = sum(data[0] & 0xF0 == 0x90 for _, data in soaked.score)
    late = [
        message.at - sent.planned
        for message, sent in zip(soaked.heard, soaked.onlooker.sent, strict=False)
        if message.data == sent.data
    ]
    return {
        "hours": round(samples[-1]["at"] / HOUR, 2),
        "exit_status": soaked.exit_status,
        "wrong_at_the_synth": watch.wrong,
        "messages_and_notes_at_the_synth": [watch.sent, watch.notes],
        "messages_told_to_the_page": len(soaked.onlooker.sent),
        "milliseconds_from_plan_to_synth": _spread(late),
        "events_told_to_the_page": dict(soaked.onlooker.told),
        "notes_played": struck,
        "notes_recorded": recorded(folder / "sessions"),
        "faults_in_the_browser": soaked.faults,
        "load": {"median": _middle([one["load"] for one in samples]), "most": max(one["load"] for one in samples)},
        "last": samples[-1],
        "first": samples[min(len(samples) - 1, round(60 / EVERY))],
    }


def recorded(folder: Path) -> dict[str, int]:
    """How many notes all recordings together hold, by track, and how many files there are."""
    found: Counter[str] = Counter(files=0, player=0, improvd=0)
    for path in folder.glob("*.mid"):
        found["files"] += 1
        for track in mido.MidiFile(path).tracks[1:]:
            found[track.name] += sum(message.type == "note_on" and message.velocity > 0 for message in track)
    return dict(found)


def _spread(late: list[float]) -> dict[str, float]:
    ordered = sorted(1000 * one for one in late)
    parts = {"median": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "most": 1.0}
    return {name: round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 2) for name, part in parts.items()}


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def main() -> int:
    """Soak; whether something was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True)
    found = soak(asked.folder.resolve(), asked.hours, asked.seed)
    (asked.folder / "figures.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    kept = found["notes_recorded"]
    whole = kept["player"] == found["notes_played"] and kept["improvd"] == found["messages_and_notes_at_the_synth"][1]
    return int(bool(found["wrong_at_the_synth"]) or not whole or found["exit_status"] != 0)


if __name__ == "__main__":
    sys.exit(main())
