"""What does a TTLock V3 frame look like, byte by byte?

Written from the protocol alone, so that an error in a client's codec shows here:

    7F 5A | protocol | version | scene | group(2) | org(2) | command | AA | length
    AES-128-CBC payload (key is also the IV, PKCS7) | checksum | 0D 0A
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

HEADER = b"\x7f\x5a"
TRAILER = b"\r\n"
APP_MARK = 0xAA
REPLY_COMMAND = 0x54
_PAYLOAD_AT = 12
_BLOCK = 16


class BadFrame(ValueError):  # noqa: N818 - reads as what it is
    """The bytes are not a frame this lock would act on."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """The five numbers by which a lock recognises frames addressed to its family."""

    protocol: int = 5
    version: int = 3
    scene: int = 2
    group: int = 1
    org: int = 1

    def prefix(self) -> bytes:
        """Header up to, not including, the command byte."""
        return (
            HEADER
            + bytes((self.protocol, self.version, self.scene))
            + self.group.to_bytes(2, "big")
            + self.org.to_bytes(2, "big")
        )


def checksum(data: bytes) -> int:
    """CRC-8/MAXIM with the vendor's one deviation: the table entry of 0x21 is 0x07.

    Seen in replies of a real lock (hass-addons issue 34: 0xC2 where plain Maxim gives 0x44) and
    told in ttlock-sdk-js issue 22.
    """
    crc = 0
    for byte in data:
        crc = _TABLE[crc ^ byte]
    return crc


def seal(firmware: Firmware, key: bytes, command: int, payload: bytes) -> bytes:
    """One whole frame carrying the payload under `key`."""
    secret = _encrypt(key, payload)
    body = firmware.prefix() + bytes((command, APP_MARK, len(secret))) + secret
    return body + bytes((checksum(body),)) + TRAILER


def unseal(firmware: Firmware, key: bytes, frame: bytes) -> tuple[int, bytes]:
    """Command and plain payload; BadFrame for anything not exactly right."""
    if frame[:9] != firmware.prefix() or frame[10] != APP_MARK:
        raise BadFrame("addressed to another lock family, or not marked as encrypted")
    if frame[-2:] != TRAILER or checksum(frame[:-3]) != frame[-3]:
        raise BadFrame("checksum or terminator wrong")
    return frame[9], _decrypt(key, frame[_PAYLOAD_AT:-3])


def _maxim(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ 0x8C if value & 1 else value >> 1
    return value


_TABLE = bytes(0x07 if index == 0x21 else _maxim(index) for index in range(256))  # noqa: PLR2004


class Assembler:
    """Collects 20-byte chunks into frames by their declared length."""

    def __init__(self) -> None:
        self._buffer = b""

    def started(self) -> int | None:
        """Command byte of the frame under way, once it has arrived."""
        return self._buffer[9] if len(self._buffer) >= _PAYLOAD_AT else None

    def feed(self, chunk: bytes) -> bytes | None:
        """The frame that this chunk completes; BadFrame when out of step."""
        self._buffer += chunk
        if not self._buffer.startswith(HEADER[: len(self._buffer)]):
            self._buffer = b""
            raise BadFrame("no header where a frame must begin")
        if len(self._buffer) < _PAYLOAD_AT:
            return None
        size = _PAYLOAD_AT + self._buffer[_PAYLOAD_AT - 1] + 1 + len(TRAILER)
        if len(self._buffer) < size:
            return None
        frame, rest, self._buffer = self._buffer[:size], self._buffer[size:], b""
        if rest:
            raise BadFrame("bytes after the end of a frame")
        return frame


def _encrypt(key: bytes, plain: bytes) -> bytes:
    pad = _BLOCK - len(plain) % _BLOCK
    cipher = Cipher(algorithms.AES128(key), modes.CBC(key)).encryptor()
    return cipher.update(plain + bytes((pad,)) * pad) + cipher.finalize()


def _decrypt(key: bytes, secret: bytes) -> bytes:
    if not secret or len(secret) % _BLOCK:
        raise BadFrame("payload is not whole blocks; plaintext is never accepted")
    cipher = Cipher(algorithms.AES128(key), modes.CBC(key)).decryptor()
    padded = cipher.update(secret) + cipher.finalize()
    pad = padded[-1]
    if not 1 <= pad <= _BLOCK or padded[-pad:] != bytes((pad,)) * pad:
        raise BadFrame("padding wrong: another key?")
    return padded[:-pad]
