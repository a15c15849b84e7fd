"""Things take time: a status attribute that lags behind what was asked for.

moto's own state manager is read by none of EKS, RDS and NAT gateways, so the lag is put on the model classes.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable

from .settings import settings

lock = threading.RLock()
"""Guards what the extension changes: the server is threaded, and moto's models are not."""


class Status:
    """A descriptor for the status of a model: `busy` until `settings.slow` seconds after the object was made."""

    def __init__(self, busy: str, done: str):
        self.busy, self.done = busy, done

    def __set_name__(self, owner: type, name: str) -> None:
        self.slot = "_lifecycle_" + name

    def __get__(self, thing: Any, owner: type | None = None) -> Any:
        if thing is None:
            return self
        value, since = thing.__dict__.get(self.slot, (self.done, 0.0))
        waits = thing.__dict__.get("_lifecycle_waits")
        unfinished = time.monotonic() - since < settings.slow or (waits is not None and not waits())
        return self.busy if value == self.done and unfinished else value

    def __set__(self, thing: Any, value: str) -> None:
        _, since = thing.__dict__.get(self.slot, (value, time.monotonic()))
        thing.__dict__[self.slot] = (value, since)


def install(owner: type, attribute: str, busy: str, done: str) -> None:
    """Puts a lagging status on a model class of moto."""
    status = Status(busy, done)
    status.__set_name__(owner, attribute)
    setattr(owner, attribute, status)


_going: list[tuple[float, Callable[[], None]]] = []


def later(action: Callable[[], None]) -> None:
    """Does it when `settings.slow` seconds have passed: at once when that is 0."""
    if settings.slow <= 0:
        action()
        return
    with lock:
        _going.append((time.monotonic() + settings.slow, action))


def settle() -> None:
    """Does what is due. Called before every request, so that no request sees what should be gone."""
    with lock:
        due = [entry for entry in _going if entry[0] <= time.monotonic()]
        for entry in due:
            _going.remove(entry)
    for _, action in due:
        action()


def forget() -> None:
    """Drops what is pending: the backends were reset."""
    with lock:
        _going.clear()
