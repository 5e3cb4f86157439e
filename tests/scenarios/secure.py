"""What an Apache Kafka with TLS and SASL needs: an authority, a certificate, a user."""

from __future__ import annotations

import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from pipeline.settings import BrokerSettings
from tests.kafka import Listener

_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
_USER = "tocsin"


@dataclass(frozen=True)
class Secured:
    """A listener that lets nobody in without a password, over TLS alone."""

    listener: Listener
    authority: Path
    password: str

    def settings(self, mechanism: str) -> BrokerSettings:
        """How to get in."""
        return BrokerSettings(
            servers=f"127.0.0.1:{self.listener.port}",
            security_protocol="SASL_SSL",
            ssl_cafile=self.authority,
            sasl_mechanism=mechanism,  # type: ignore[arg-type]
            sasl_username=_USER,
            sasl_password=self.password,  # type: ignore[arg-type]
        )

    def add_user(self, servers: str) -> None:
        """Have the broker, reached without TLS, know the user for SCRAM."""
        admin = KafkaAdminClient(bootstrap_servers=servers)
        try:
            admin.alter_user_scram_credentials(
                [
                    UserScramCredentialUpsertion(
                        user=_USER, mechanism=ScramMechanism.SCRAM_SHA_512, password=self.password
                    )
                ]
            )
        finally:
            admin.close()


def secured(folder: Path, port: int) -> Secured:
    """Make the certificates in `folder` and describe the listener."""
    password = secrets.token_hex(16)
    authority, store = _certificates(folder)
    listener = Listener(
        "SECURE",
        port,
        port,
        "SASL_SSL",
        {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(store),
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "plain.sasl.jaas.config": f'{_PLAIN} user_{_USER}="{password}";',
            "scram-sha-512.sasl.jaas.config": _SCRAM,
        },
    )
    return Secured(listener, authority, password)


def _certificates(folder: Path) -> tuple[Path, Path]:
    """An authority's certificate, and a PEM file with the key and certificate of 127.0.0.1."""
    authority, key, store = folder / "ca.pem", folder / "ca.key", folder / "broker.pem"
    names = folder / "names.ext"
    names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ("-newkey", "rsa:2048", "-nodes", "-batch")
    openssl(
        "req",
        "-x509",
        *new_key,
        "-keyout",
        key.name,
        "-out",
        authority.name,
        "-days",
        "2",
        "-subj",
        "/CN=Test",
    )
    openssl("req", *new_key, "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=127.0.0.1")
    openssl(
        "x509", "-req", "-in", "broker.csr", "-CA", authority.name, "-CAkey", key.name, "-CAcreateserial",
        "-out", "broker.crt", "-days", "2", "-extfile", names.name,
    )  # fmt: skip
    store.write_text((folder / "broker.key").read_text() + (folder / "broker.crt").read_text())
    return authority, store
