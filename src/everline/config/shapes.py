"""The shapes of JSON that msgspec reads, made ready before there are threads.

At the first use of a type msgspec learns it, and until it has, another thread that reads the same
type gets what is half learned, and the process ends with a fault of memory (msgspec 0.22.0, with
16 threads on new types each time). So a process learns all types while it has one thread.
"""

import msgspec


def make_ready() -> None:
    """Learn every type that is imported by now; calling it again costs nothing."""
    waiting: list[type[msgspec.Struct]] = [msgspec.Struct]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            msgspec.json.Decoder(kind)
            waiting.append(kind)
