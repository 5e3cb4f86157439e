"""How clients reach the brokers: the settings' `[broker]` as each client library wants it."""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pipeline.errors import TocsinError, UsageError
from pipeline.settings import BrokerSettings
from pipeline.startup import await_part

if TYPE_CHECKING:
    import faust
    from kafka import KafkaAdminClient


class _UnreachableError(Exception):
    """No broker answered this time."""


def kafka_python_options(broker: BrokerSettings) -> dict[str, Any]:
    """Keyword arguments that any client of kafka-python needs to reach the brokers."""
    return _options(broker)


def aiokafka_options(broker: BrokerSettings) -> dict[str, Any]:
    """Keyword arguments that any client of aiokafka needs to reach the brokers."""
    return _options(broker)


def faust_credentials(broker: BrokerSettings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """What `faust.App(broker_credentials=…)` takes; None for a plain connection."""
    import faust

    context = _ssl_context(broker)
    if broker.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=broker.sasl_username,
            password=broker.sasl_password.get_secret_value(),
            ssl_context=context,
            mechanism=broker.sasl_mechanism,
        )
    return faust.SSLCredentials(context) if context else None


def connect_admin(broker: BrokerSettings) -> KafkaAdminClient:
    """An admin client that has reached a broker; tries for `broker.connect_timeout` seconds.

    Raises:
        TocsinError: none answered in that time, or it refused the user; names the address and the setting.
    """
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    options = kafka_python_options(broker)
    patience = int(1000 * min(5.0, broker.connect_timeout))

    def attempt() -> KafkaAdminClient:
        try:
            return KafkaAdminClient(**options, bootstrap_timeout_ms=patience)
        except (KafkaError, OSError) as error:
            if (refused := refusal(broker)) is not None:
                raise TocsinError(refused) from error
            raise _UnreachableError(
                f"No Kafka broker answers at {broker.servers} (setting `broker.servers`, or "
                "TOCSIN_BROKER__SERVERS). Start one with `tocsin broker`, or name yours there"
            ) from error

    return await_part(attempt, _UnreachableError, timeout=broker.connect_timeout)


def refusal(broker: BrokerSettings) -> str | None:
    """Why the first broker does not let us in, in words that name the setting; None where that is not it.

    kafka-python keeps the reason to itself and only times out, so the other client is asked.
    """
    if broker.security_protocol == "PLAINTEXT":
        return None
    from aiokafka.conn import create_conn
    from aiokafka.errors import (
        AuthenticationFailedError,
        SaslAuthenticationFailed,
        UnsupportedSaslMechanismError,
    )

    options = aiokafka_options(broker)
    host, port = options.pop("bootstrap_servers")[0].rsplit(":", 1)

    async def knock() -> None:
        connection = await create_conn(host, int(port), request_timeout_ms=5000, **options)
        connection.close()

    try:
        # In a thread: whoever asks may be inside a loop.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(asyncio.wait_for(knock(), 10))).result()
    except (AuthenticationFailedError, SaslAuthenticationFailed, UnsupportedSaslMechanismError):
        return (
            f"The Kafka broker at {broker.servers} refused user {broker.sasl_username!r}. "
            "Check `broker.sasl_username`, `broker.sasl_password` and `broker.sasl_mechanism`."
        )
    except ssl.SSLError as error:
        return (
            f"The Kafka broker at {broker.servers} is not trusted: {error.reason or error}. Check that "
            "`broker.ssl_cafile` is the authority that signed its certificate, and that the certificate is "
            "for the name in `broker.servers`."
        )
    except Exception:
        return None
    return None


def _options(broker: BrokerSettings) -> dict[str, Any]:
    # The two libraries share these names.
    options: dict[str, Any] = {
        "bootstrap_servers": broker.servers.split(","),
        "security_protocol": broker.security_protocol,
    }
    if (context := _ssl_context(broker)) is not None:
        options["ssl_context"] = context
    if broker.security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = broker.sasl_mechanism
        options["sasl_plain_username"] = broker.sasl_username
        options["sasl_plain_password"] = broker.sasl_password.get_secret_value()
    return options


def _ssl_context(broker: BrokerSettings) -> ssl.SSLContext | None:
    if not broker.security_protocol.endswith("SSL"):
        return None
    try:
        return ssl.create_default_context(cafile=broker.ssl_cafile)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"`broker.ssl_cafile` {broker.ssl_cafile} cannot be read: {error}") from error
