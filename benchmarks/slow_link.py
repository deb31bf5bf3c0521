"""A link of a certain round trip to a server on this machine: what a browser far away has to wait for.

    python benchmarks/slow_link.py PORT [--round-trip 200]    prints the port to connect to, and runs

Every piece waits half the round trip on its way, and a new connection the whole one, as a handshake does.
Nothing is lost, and nothing is slower for being large.
"""

import argparse
import asyncio
import subprocess
import sys
from contextlib import contextmanager


@contextmanager
def slow_link(port, round_trip_ms):
    """The port that leads to `port` over such a link, while the block runs."""
    command = [sys.executable, __file__, f"{port}", "--round-trip", f"{round_trip_ms}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as link:
        try:
            yield int(link.stdout.readline())
        finally:
            link.terminate()


async def serve(port, seconds):
    """Pass everything on to `port`, `seconds` later each way."""

    async def connect(reader, writer):
        await asyncio.sleep(2 * seconds)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, back, seconds), carry(there, writer, seconds))

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def carry(reader, writer, seconds):
    """Write what is read, each piece `seconds` later, until the end."""
    later = asyncio.get_running_loop().call_later
    while piece := await reader.read(1 << 16):
        later(seconds, writer.write, piece)
    later(seconds, writer.close)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("--round-trip", type=float, default=200, help="milliseconds")
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.round_trip / 2000))
