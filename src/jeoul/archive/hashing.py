"""SHA-256 that can be laid down and taken up again, so that a growing file is hashed once, not at every look.

`hashlib` computes with OpenSSL and cannot save its state; OpenSSL itself can, by its plain C functions, which
are reached here through the library that `hashlib` has loaded. Where they are not there (a Python that was
built without them) everything works with `hashlib` alone, and a file that grew is hashed from its start.
"""

from __future__ import annotations

import ctypes
import hashlib
import sys
from functools import lru_cache
from typing import Any

CONTEXT_BYTES = 112
"""OpenSSL's SHA256_CTX: eight words of state, the length, one block of 64 bytes, two counts."""
_SIGN = f"openssl-{sys.byteorder}:"
_OKAY = 1


@lru_cache(maxsize=1)
def _library() -> Any:
    """OpenSSL's functions, once they have shown that they hash as `hashlib` does; else None."""
    try:
        import _hashlib

        library = ctypes.CDLL(_hashlib.__file__)
        library.SHA256_Init.argtypes = [ctypes.c_void_p]
        library.SHA256_Update.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
        library.SHA256_Final.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    except (ImportError, AttributeError, OSError, TypeError):
        return None
    return library if _agrees(library) else None


def _agrees(library: Any) -> bool:
    first = _OpenSsl(library, None)
    first.update(b"a" * 100)
    second = _OpenSsl(library, first.state())
    second.update(b"b" * 1000)
    return second.hexdigest() == hashlib.sha256(b"a" * 100 + b"b" * 1000).hexdigest()


class _OpenSsl:
    def __init__(self, library: Any, state: str | None) -> None:
        self._library = library
        # Twice the room that is known to be needed: a later OpenSSL with more would not write beyond it.
        self._context = ctypes.create_string_buffer(2 * CONTEXT_BYTES)
        if state is None:
            library.SHA256_Init(self._context)
        else:
            kept = bytes.fromhex(state.removeprefix(_SIGN))
            ctypes.memmove(self._context, kept, len(kept))

    def update(self, data: bytes) -> None:
        if self._library.SHA256_Update(self._context, data, len(data)) != _OKAY:
            raise MemoryError("OpenSSL does not hash")

    def hexdigest(self) -> str:
        copy = ctypes.create_string_buffer(self._context.raw, 2 * CONTEXT_BYTES)
        digest = ctypes.create_string_buffer(32)
        self._library.SHA256_Final(digest, copy)
        return digest.raw.hex()

    def state(self) -> str | None:
        return _SIGN + self._context.raw[:CONTEXT_BYTES].hex()


class _Plain:
    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def update(self, data: bytes) -> None:
        self._digest.update(data)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def state(self) -> str | None:
        return None


def sha256(state: str | None = None) -> _OpenSsl | _Plain:
    """A SHA-256 from its start, or going on from a `state` that one of these gave.

    Ask `can_resume` before a state is given.
    """
    library = _library()
    return _Plain() if library is None else _OpenSsl(library, state)


def can_resume(state: str | None) -> bool:
    """Whether this machine can go on from a state: it is one of ours and has the right length."""
    if state is None or _library() is None or not state.startswith(_SIGN):
        return False
    return len(state) == len(_SIGN) + 2 * CONTEXT_BYTES
