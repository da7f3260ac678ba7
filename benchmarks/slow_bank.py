"""A bank that answers yes to every charge after a while, for charge_rate.py; nothing else.

One thread, any number of connections, the sandbox's form of answers. It counts keys, so that a
charge that came twice ends the run. Arguments: the wait in milliseconds. Prints its port.
"""

import asyncio
import json
import sys
from typing import Final

WAIT_SECONDS: Final = int(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.2
seen: Final[set[str]] = set()
at_once: Final = {"now": 0, "most": 0}


def answered(key: str, body: bytes) -> bytes:
    """Word the yes, or what was counted so far when a key is asked for that no charge has."""
    if key == "counted":
        told = json.dumps({"charges": len(seen), "most": at_once["most"]}).encode()
        at_once["most"] = 0
        return told
    if key in seen:
        raise SystemExit(f"the charge {key} came twice")
    seen.add(key)
    order = json.loads(body)
    yes = {
        "reference": f"chg_{len(seen)}",
        "key": key,
        "status": "succeeded",
        "amount_minor": order["amount_minor"],
        "captured_minor": order["amount_minor"],
        "currency": order["currency"],
        "masked_means": "•••• 0010",
        "reason": "",
        "hard": False,
        "url": "",
    }
    return json.dumps(yes).encode()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer what comes over one connection."""
    try:
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            heads = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
            body = await reader.readexactly(int(heads.get("content-length", "0")))
            key = heads.get("idempotency-key", "counted")
            if key != "counted":
                at_once["now"] += 1
                at_once["most"] = max(at_once["most"], at_once["now"])
                await asyncio.sleep(WAIT_SECONDS)
                at_once["now"] -= 1
            told = answered(key, body)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n" % len(told) + told)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Listen until killed."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
