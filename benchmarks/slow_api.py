"""An OpenAI-compatible endpoint on loopback that answers every chat completion after a fixed latency.

With --jitter the latency varies, with --errors a share of the requests gets a 500 instead, and with --refusals a share
gets, at once, a 429 that asks to come back after a second; all repeatably. GET /stats tells what it was asked.
"""

import argparse
import asyncio
import json
import random

FAULT = json.dumps({"error": {"message": "The server had an error.", "type": "server_error", "code": None}}).encode()
BUSY = json.dumps({"error": {"message": "Rate limit reached.", "type": "requests", "code": None}}).encode()


class Endpoint:
    """What the server does, and what it was asked."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._dice = random.Random(0)
        self._good = response("200 OK", completion(options.text))
        self._seen: set[bytes] = set()
        self._counts = {"requests": 0, "refused": 0, "failed": 0, "answered": 0}

    async def reply(self, body: bytes) -> bytes:
        """Return the whole response to one chat completion, when its time has come."""
        options, dice, counts = self._options, self._dice, self._counts
        counts["requests"] += 1
        self._seen.add(body)
        if dice.random() < options.refusals:
            counts["refused"] += 1
            return response("429 Too Many Requests", BUSY, b"Retry-After: 1\r\n")
        await asyncio.sleep(options.latency * (1 + options.jitter * dice.uniform(-1, 1)))
        if dice.random() < options.errors:
            counts["failed"] += 1
            return response("500 Internal Server Error", FAULT)
        counts["answered"] += 1
        return self._good

    def stats(self) -> bytes:
        """Return the response to GET /stats."""
        return response("200 OK", json.dumps(self._counts | {"distinct": len(self._seen)}).encode())


def completion(text: str) -> bytes:
    """Return the body of a good answer."""
    message = {"role": "assistant", "content": text}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4-0613",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 700, "completion_tokens": 12, "total_tokens": 712},
    }
    return json.dumps(body).encode()


def response(status: str, body: bytes, headers: bytes = b"") -> bytes:
    """Return a whole HTTP response."""
    return b"HTTP/1.1 %s\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status.encode(),
        headers,
        len(body),
        body,
    )


def length_of(head: bytes) -> int:
    """Return the length of a request's body."""
    lengths = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return int(next(lengths, b":0").split(b":")[1])


async def serve(endpoint: Endpoint) -> None:
    """Print the port, then answer until killed."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(length_of(head))
                writer.write(endpoint.stats() if head.startswith(b"GET") else await endpoint.reply(body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds")
    parser.add_argument("--jitter", type=float, default=0.0, help="share of the latency by which it varies, 0 to 1")
    parser.add_argument("--errors", type=float, default=0.0, help="share of the requests that get a 500, 0 to 1")
    parser.add_argument("--refusals", type=float, default=0.0, help="share of the requests that get a 429, 0 to 1")
    parser.add_argument(
        "--text", default="The answer is helpful and correct. Rating: [[8]]", help="what it always says"
    )
    asyncio.run(serve(Endpoint(parser.parse_args())))
