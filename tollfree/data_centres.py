"""The networks of machines, from the file that TOLLFREE_DATA_CENTRES names: one on each line.

    192.0.2.0/24     # a hosting company
    2001:db8::/32

What comes from there is sent on like everybody, and no view or click of it costs money.
"""

import ipaddress
from pathlib import Path

from adserver.events.traffic_watch import Network
from kernel.errors import SettingsInvalid

_SETTING = "TOLLFREE_DATA_CENTRES"


def data_centres_in(path: Path | None) -> tuple[Network, ...]:
    """The networks of the file; none without one. Raises SettingsInvalid."""
    if path is None:
        return ()
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(
            f"The file that {_SETTING} names cannot be read ({type(error).__name__}).",
            param=_SETTING,
        ) from None
    found = []
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        try:
            found += [ipaddress.ip_network(text, strict=False)] if text else []
        except ValueError:
            raise SettingsInvalid(
                f"Line {number} of the file that {_SETTING} names is not a network such as "
                "192.0.2.0/24.",
                param=_SETTING,
            ) from None
    return tuple(found)
