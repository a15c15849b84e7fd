"""Issues certificates from the CA of the plane."""

from __future__ import annotations

import base64
import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """A CA with its key, as PEM files in a folder: ca.crt and ca.key."""

    def __init__(self, folder: Path):
        self.pem = (folder / "ca.crt").read_bytes()
        self.certificate = x509.load_pem_x509_certificate(self.pem)
        self.key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)

    @staticmethod
    def make(folder: Path) -> None:
        """Makes a new CA in a folder, for where there is no plane that made one."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rehearsal-ca")])
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=90))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        certificate = builder.sign(key, hashes.SHA256())
        (folder / "ca.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "ca.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    @property
    def bundle(self) -> str:
        """The CA as a `caBundle` has it."""
        return base64.b64encode(self.pem).decode()

    def issue(self, names: list[str], common: str = "") -> tuple[bytes, bytes]:
        """A server certificate for DNS names and addresses: certificate and key, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (common or names[0])[:64])])
        now = datetime.datetime.now(datetime.timezone.utc)
        alternatives = [x509.IPAddress(ipaddress.ip_address(n)) if n[0].isdigit() else x509.DNSName(n) for n in names]
        builder = x509.CertificateBuilder(self.certificate.subject, subject, key.public_key(), x509.random_serial_number())
        certificate = (
            builder.not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=90))
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self.key, hashes.SHA256())  # type: ignore[arg-type]
        )
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return certificate.public_bytes(serialization.Encoding.PEM), secret
