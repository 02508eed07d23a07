"""Letters by SMTP: the one place that knows a mail server.

The address is a URL such as ``smtps://user:password@mail.example.com:465``; ``smtp://`` upgrades to
TLS where the server offers it. A letter that cannot be handed over within ten seconds is refused
with Unavailable, and its text stays out of the log.
"""

from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit

from kernel.errors import Unavailable
from kernel.telemetry import counter, logger
from web.letters import Letter

_log = logger(__name__)
_unsent = counter("letters_unsent", "Letters that the mail server did not take")
_SECONDS: Final = 10


class SmtpPost:
    """Sends through one mail server."""

    def __init__(self, url: str, *, sender: str) -> None:
        self._server, self._sender = urlsplit(url), sender

    async def send(self, letter: Letter) -> None:
        """Hand the letter over. Raises Unavailable."""
        import aiosmtplib

        server, secure = self._server, self._server.scheme == "smtps"
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, letter.to, letter.subject
        message.set_content(letter.text)
        try:
            await aiosmtplib.send(
                message,
                hostname=server.hostname,
                port=server.port or (465 if secure else 587),
                username=unquote(server.username) if server.username else None,
                password=unquote(server.password) if server.password else None,
                use_tls=secure,
                timeout=_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError) as problem:
            _unsent.inc()
            _log.warning("letter_unsent", reason=type(problem).__name__)
            raise Unavailable("The letter could not be sent. Try again in a minute.") from None
