"""Is the broker's certificate ours, and in date by the house's own time?

The system clock may say 1970 after a power cut, and the cloud that could set it is reached only
through this line. So the chain and the name are checked without time, and the dates are judged by
the interval the house can prove: refused is what has surely ended or surely not begun.
"""

import ssl
from pathlib import Path
from typing import Final

from cryptography.x509 import load_der_x509_certificate

from edge_agent.policy.model import Time

_NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python does not name."""


class _JudgedSocket(ssl.SSLSocket):
    """Judges the dates before a byte of ours is sent."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's
        super().do_handshake(block)
        if isinstance(self.context, JudgingContext):
            try:
                for each in self.get_verified_chain():
                    require_in_date(each, self.context.time)
            except ssl.SSLError:
                self.close()
                raise


class JudgingContext(ssl.SSLContext):
    """A client's TLS 1.2+ context: chain and name by OpenSSL, dates by `time`."""

    sslsocket_class = _JudgedSocket
    time: Time


def judging_context(authority: Path, certificate: Path, key: Path, *, time: Time) -> JudgingContext:
    """For one connection made about now. OSError when a file cannot be read or is no PEM."""
    context = JudgingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.time = time
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_STRICT | _NO_CHECK_TIME
    context.load_verify_locations(cafile=str(authority))
    context.load_cert_chain(certificate, key)
    return context


def require_in_date(certificate: bytes, time: Time) -> None:
    """SSLCertVerificationError when a DER certificate is surely out of date."""
    dates = load_der_x509_certificate(certificate)
    if dates.not_valid_after_utc < time.earliest:
        raise ssl.SSLCertVerificationError("certificate verify failed: it has ended")
    if time.latest is not None and time.latest < dates.not_valid_before_utc:
        raise ssl.SSLCertVerificationError("certificate verify failed: it has not begun")
