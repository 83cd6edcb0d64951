"""An OpenAI-compatible endpoint on loopback that answers every chat completion after a fixed latency.

With --jitter the latency varies, and with --errors a share of the requests gets a 500 instead; both repeatably.
"""

import argparse
import asyncio
import json
import random

BODY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4-0613",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "The answer is helpful and correct. Rating: [[8]]"},
            }
        ],
        "usage": {"prompt_tokens": 700, "completion_tokens": 12, "total_tokens": 712},
    }
).encode()
FAULT = json.dumps({"error": {"message": "The server had an error.", "type": "server_error", "code": None}}).encode()


def reply(status: str, body: bytes) -> bytes:
    """Return a whole HTTP response."""
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status.encode(),
        len(body),
        body,
    )


async def serve(latency: float, jitter: float, errors: float) -> None:
    """Print the port, then answer until killed."""
    dice = random.Random(0)
    good, bad = reply("200 OK", BODY), reply("500 Internal Server Error", FAULT)

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(length.split(b":")[1]))
                await asyncio.sleep(latency * (1 + jitter * dice.uniform(-1, 1)))
                writer.write(bad if dice.random() < errors else good)
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
    options = parser.parse_args()
    asyncio.run(serve(options.latency, options.jitter, options.errors))
