"""Callers with bad manners: headers that never end, and answers that nobody reads."""

import asyncio
import socket

HALF = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-never: "


async def half_open(
    port: int, count: int
) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connections that sent half a header, and two in five that sent nothing."""
    opened = []
    for number in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if number % 5 > 1:
            writer.write(HALF)
        opened.append((reader, writer))
    return opened


async def slow_readers(port: int, count: int, body: bytes) -> list[socket.socket]:
    """Connections that ask for an answer and read nothing of it."""
    request = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    ) + body
    loop = asyncio.get_running_loop()
    sockets = []
    for _ in range(count):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.setblocking(False)
        await loop.sock_connect(one, ("127.0.0.1", port))
        await loop.sock_sendall(one, request)
        sockets.append(one)
    return sockets
