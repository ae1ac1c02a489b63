"""Messages of any size, sealed and opened while they are read, in the memory of a few frames."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from tenant_keys.client.errors import DamagedMessage
from tenant_keys.client.materials import PARSER_ERRORS, ExpectingMaterials, Materials, refuse
from tenant_keys.client.message import STEP, ended, pull
from tenant_keys.client.record import Names, seal_name, skip_name
from tenant_keys.client.sdk import FRAME, MAX_DATA_KEYS, POLICY, SUITE, StreamDecryptor, StreamEncryptor


class _Reader(io.RawIOBase):
    """A file to read from, once and forwards."""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Exactly `size` bytes unless the end comes first; everything for -1."""
        if size is None or size < 0:
            return b"".join(self)
        return self._some(size)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._some(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def __iter__(self) -> Iterator[bytes]:
        """Chunks, not lines: the content is binary."""
        while chunk := self._some(STEP):
            yield chunk

    def _some(self, size: int) -> bytes:
        raise NotImplementedError


class SealingReader(_Reader):
    """Reads plaintext from `source` and gives the encrypted message."""

    def __init__(self, materials: Materials, source: BinaryIO, *, name: str, context: dict[str, str]) -> None:
        self._encryptor = StreamEncryptor(
            source=Prefixed(seal_name(name), source),
            materials_manager=ExpectingMaterials(materials, context),
            encryption_context=context,
            algorithm=SUITE,
            frame_length=FRAME,
            commitment_policy=POLICY,
            max_encrypted_data_keys=MAX_DATA_KEYS,
        )

    def _some(self, size: int) -> bytes:
        return pull(self._encryptor, size)


class UnsealingReader(_Reader):
    """Reads an encrypted message from `source` and gives the plaintext, frame by authenticated frame.

    The record's name is checked before the first byte is given; `record` is the one that it carries. That nothing is
    missing at the end is known at the end: anyone who acts on the data must have read until `b""`, which raises
    `DamagedMessage` for a truncated message.
    """

    def __init__(self, materials: Materials, source: BinaryIO, *, name: Names, context: dict[str, str]) -> None:
        self._source = source
        self._failed = False
        self._decryptor = StreamDecryptor(
            source=source,
            materials_manager=ExpectingMaterials(materials, context),
            commitment_policy=POLICY,
            max_encrypted_data_keys=MAX_DATA_KEYS,
            max_body_length=FRAME,
        )
        self.record = skip_name(self, name)  # type: ignore[arg-type]  # all it needs is read()

    @property
    def data_key(self) -> bytes:
        """The message's encrypted data key."""
        (found,) = self._decryptor.header.encrypted_data_keys
        return bytes(found.encrypted_data_key)

    def close(self) -> None:
        if not self.closed and hasattr(self._source, "close"):
            self._source.close()
        super().close()

    def _some(self, size: int) -> bytes:
        if self._failed:
            raise DamagedMessage("the message was rejected earlier")
        try:
            data = pull(self._decryptor, size)
            if len(data) < size and (not ended(self._decryptor) or self._source.read(1)):
                raise DamagedMessage("the message is truncated, or something follows it")
        except PARSER_ERRORS as error:
            self._failed = True
            refuse(error)
        except DamagedMessage:
            self._failed = True
            raise
        return data


class Prefixed:
    """A few bytes, then a file. It cannot seek, so that the SDK does not look for a length that would be wrong."""

    def __init__(self, prefix: bytes, rest: BinaryIO) -> None:
        self._prefix, self._rest = prefix, rest
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """May give less than `size`; the SDK asks until it has enough, or gets nothing."""
        if self._prefix:
            head, self._prefix = (self._prefix, b"") if size < 0 else (self._prefix[:size], self._prefix[size:])
            return head + self._rest.read() if size < 0 else head
        data = self._rest.read(size)
        if not isinstance(data, (bytes, bytearray)):  # None from a source that does not wait would pass for its end
            raise TypeError(f"the source returned {type(data).__name__}; expected bytes, from a blocking source")
        return data


class Exactly:
    """So many bytes of a file: one that ends earlier raises, and what follows is not read."""

    def __init__(self, rest: BinaryIO, size: int) -> None:
        if size < 0:
            raise ValueError(f"size: got {size}; expected bytes, 0 or more")
        self._rest, self._left = rest, size

    def read(self, size: int = -1) -> bytes:
        if not self._left:
            return b""
        data = self._rest.read(self._left if size < 0 else min(size, self._left))
        if not data:
            raise EOFError(f"the body ended {self._left} bytes early")
        self._left -= len(data)
        return data
