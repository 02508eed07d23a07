# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204
"""Measure the gateway: what passing a call on costs, with everything on.

    python bench/gateway.py [--json] [--rival] [--seconds 3] [--rounds 3] [--soak 200000]

Servers run on core 0, the load and the fake provider on core 1, in turns within one run. Beside our
server: calling the provider directly, a bare FastAPI + aiohttp relay (the floor), and with --rival
litellm's proxy. `*_per_cpu_second` is the rate by the server's own CPU time: on an idle machine it
is the rate on the wall, on a shared one it is the truer figure. Ends with one line of JSON.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path
from statistics import median, quantiles

import uvloop
from gateway_rig import prompts, servers
from gateway_rig.load import Target, closed_loop, one_after_another, open_loop
from gateway_rig.upstream import listen


class Run:
    """The targets of this run with what was measured on each."""

    def __init__(self, asked):
        self.asked, self.targets, self.processes = asked, {}, {}
        self.slices = []

    def add(self, target, process=None):
        self.targets[target.name], self.processes[target.name] = target, process

    async def slice(self, name, kind, requests, *, seconds=None, connections=24, count=None):
        """Load one target for a while; note the rate and the CPU time behind it."""
        process = self.processes[name]
        before = process.cpu_seconds() if process else 0.0
        tally = await closed_loop(
            self.targets[name],
            requests,
            seconds=seconds or self.asked.seconds,
            connections=connections,
            count=count,
        )
        cpu = (process.cpu_seconds() if process else 0.0) - before
        found = {
            "target": name,
            "kind": kind,
            "rate": round(tally.rate, 1),
            "answers": tally.answers,
            "errors": tally.errors,
            "cpu_ms": round(cpu * 1000 / max(1, tally.answers), 4),
            "cores": round(cpu / tally.seconds, 2),
            "decided": round(tally.decided, 4),
            "reasons": tally.reasons,
        }
        self.slices.append(found)
        print(f"  {name:9} {kind:12} {found}", file=sys.stderr)
        return tally

    def middle(self, name, kind, what):
        values = [one[what] for one in self.slices if (one["target"], one["kind"]) == (name, kind)]
        return round(median(values), 4) if values else None

    def per_cpu_second(self, name, kind):
        cpu_ms = self.middle(name, kind, "cpu_ms")
        return round(1000 / cpu_ms, 1) if cpu_ms else None


async def measure(asked):
    os.sched_setaffinity(0, {servers.LOAD_CORE})
    provider, upstream = await listen()
    run, entered = Run(asked), []

    async def start(manager):
        entered.append(manager)
        return await servers.aside(manager)

    try:
        run.add(Target("direct", upstream))
        process, address = await start(servers.floor(upstream))
        run.add(Target("floor", address), process)
        process, address, key = await start(servers.tollfree(upstream))
        run.add(Target("tollfree", address, key, "demo"), process)
        if asked.rival:
            process, address, key = await start(servers.rival(upstream, asked.rival_venv))
            run.add(Target("rival", address, key, "rival"), process)
        return await _all(run)
    finally:
        for manager in reversed(entered):
            await asyncio.to_thread(manager.__exit__, None, None, None)
        provider.close()


async def _all(run):
    figures = {"rss_mb": round(run.processes["tollfree"].rss_mb(), 1)}
    for name in run.targets:
        await run.slice(name, "warm-up", _plain(run, name, prompts.warm()), seconds=1.5)
    for _ in range(run.asked.rounds):
        for name in run.targets:
            await run.slice(name, "plain", _plain(run, name, prompts.warm()))
            await run.slice(name, "stream", _streams(run, name), connections=16)
    await run.slice("tollfree", "plain off", _plain(run, "tollfree", prompts.warm(), **_OFF))
    cold = await run.slice("tollfree", "cold", _plain(run, "tollfree", prompts.cold()))
    figures |= await _linearity(run)
    figures |= await _first_tokens(run)
    figures |= await _cache_hits(run)
    figures |= await _growth(run)
    decided = cold.decided * cold.rate
    return _report(run, figures | {"cold_decisions_per_s": round(decided, 1)})


_OFF = {"tollfree": {"formats": []}}


def _plain(run, name, texts, **members):
    target = run.targets[name]
    return (target.request(text, **members) for text in texts)


def _streams(run, name, **members):
    target = run.targets[name]
    return (target.request(text, stream=True, **members) for text in prompts.warm())


async def _linearity(run):
    """CPU of a long stream over that of one a tenth as long, straight through our server."""
    costs = {}
    for chunks in (500, 5_000):
        streams = _streams(run, "tollfree", n_chunks=chunks)
        kind = f"chunks {chunks}"
        await run.slice(
            "tollfree", kind, streams, connections=4, count=max(20, 100_000 // chunks), seconds=20
        )
        costs[chunks] = run.middle("tollfree", kind, "cpu_ms")
    per_chunk = (costs[5_000] - costs[500]) / 4_500 * 1000
    return {
        "chunk_us": round(per_chunk, 2),
        "stream_linearity": round(costs[5_000] / costs[500], 2) if costs[500] else None,
    }


async def _first_tokens(run):
    """First tokens at a steady rate: ours with and without decisions beside a direct call."""
    ours = run.targets["tollfree"]
    off = Target("off", ours.base_url, ours.key, ours.model)
    requests = {
        "direct": _streams(run, "direct"),
        "tollfree": _streams(run, "tollfree"),
        "off": _streams(run, "tollfree", **_OFF),
    }
    tallies = await open_loop(
        [run.targets["direct"], ours, off],
        requests,
        rate=run.asked.rate,
        seconds=run.asked.ttft_seconds,
    )
    p50, p99 = {}, {}
    for name, tally in tallies.items():
        times = [one for one in tally.first_tokens_ms if one is not None]
        cuts = quantiles(times, n=100)
        p50[name], p99[name] = cuts[49], cuts[98]
    return {
        "ttft_direct_p50_ms": round(p50["direct"], 3),
        "ttft_direct_p99_ms": round(p99["direct"], 3),
        "ttft_added_p50_ms": round(p50["tollfree"] - p50["direct"], 3),
        "ttft_added_p99_ms": round(p99["tollfree"] - p99["direct"], 3),
        "ttft_added_off_p50_ms": round(p50["off"] - p50["direct"], 3),
        "ttft_added_off_p99_ms": round(p99["off"] - p99["direct"], 3),
        "ttft_errors": sum(tally.errors for tally in tallies.values()),
    }


async def _cache_hits(run):
    """First bytes of answers from the exact cache, each question asked again and again."""
    target, wish = run.targets["tollfree"], ("x-tollfree-cache: on",)
    asked = [
        target.request(text, headers=wish, stream=stream)
        for text in islice(prompts.warm(), 20)
        for stream in (False, True)
    ]
    await one_after_another(target, asked)
    times = await one_after_another(target, asked * run.asked.cache_rounds)
    known = [one for one in times if one is not None]
    return {
        "cache_hit_p50_ms": round(median(known), 3),
        "cache_hit_p99_ms": round(quantiles(known, n=100)[98], 3),
        "cache_hit_errors": len(times) - len(known),
    }


async def _growth(run):
    process = run.processes["tollfree"]
    before = process.rss_mb()
    tally = await run.slice(
        "tollfree",
        "soak",
        _plain(run, "tollfree", prompts.warm()),
        seconds=3_600,
        count=run.asked.soak,
    )
    return {"rss_growth_mb": round(process.rss_mb() - before, 1), "rss_growth_over": tally.answers}


def _report(run, figures):
    rival = "rival" in run.targets
    plain = [one for one in run.slices if one["target"] == "tollfree" and one["kind"] == "plain"]
    return {
        "plain_rps": run.middle("tollfree", "plain", "rate"),
        "plain_rps_floor": run.middle("floor", "plain", "rate"),
        "plain_rps_direct": run.middle("direct", "plain", "rate"),
        "plain_rps_rival": run.middle("rival", "plain", "rate") if rival else None,
        "plain_rps_off": run.middle("tollfree", "plain off", "rate"),
        "plain_per_cpu_second": run.per_cpu_second("tollfree", "plain"),
        "plain_per_cpu_second_floor": run.per_cpu_second("floor", "plain"),
        "plain_per_cpu_second_rival": run.per_cpu_second("rival", "plain") if rival else None,
        "plain_cold_rps": run.middle("tollfree", "cold", "rate"),
        "warm_decided": round(median(one["decided"] for one in plain), 4),
        "stream_rps": run.middle("tollfree", "stream", "rate"),
        "stream_rps_floor": run.middle("floor", "stream", "rate"),
        "stream_rps_direct": run.middle("direct", "stream", "rate"),
        "stream_rps_rival": run.middle("rival", "stream", "rate") if rival else None,
        "stream_per_cpu_second": run.per_cpu_second("tollfree", "stream"),
        "stream_per_cpu_second_floor": run.per_cpu_second("floor", "stream"),
        "stream_per_cpu_second_rival": run.per_cpu_second("rival", "stream") if rival else None,
        "rss_mb_rival": round(run.processes["rival"].rss_mb(), 1) if rival else None,
        "errors": sum(one["errors"] for one in run.slices),
        "load_average": [round(value, 1) for value in os.getloadavg()],
        **figures,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the figures as one line only")
    parser.add_argument("--rival", action="store_true", help="measure litellm's proxy as well")
    parser.add_argument("--rival-venv", default=str(Path(tempfile.gettempdir()) / "tollfree-rival"))
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one slice")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=100.0, help="streams/s for first tokens")
    parser.add_argument("--ttft-seconds", type=float, default=10.0)
    parser.add_argument("--cache-rounds", type=int, default=20, help="of 40 questions each")
    parser.add_argument("--soak", type=int, default=20_000, help="requests for memory growth")
    parser.add_argument("--out", type=Path, help="a folder for the raw slices")
    asked = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(measure(asked))
    if not asked.json:
        for name, value in figures.items():
            print(f"{name:28} {value}", file=sys.stderr)
    if asked.out is not None:
        asked.out.mkdir(parents=True, exist_ok=True)
        path = asked.out / f"{time.strftime('%Y-%m-%d')}-gateway.json"
        path.write_text(json.dumps(figures, indent=1) + "\n")
    with suppress(BrokenPipeError):
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
