"""The server of the Python package `bachata` 0.1, with its reliable queue, as its own tests run it.

    reference_server.py REDIS_PORT

Listens at a free port, and prints it. A connection says who it is with ?channel=NAME.
"""

import sys

import tornado.httpserver
import tornado.netutil
import tornado.web
from tornado.ioloop import IOLoop

IOLoop.configure("tornado.platform.asyncio.AsyncIOLoop")

import bachata  # noqa: E402
import bachata.redis  # noqa: E402
import bachata.tornado  # noqa: E402


class Handler(bachata.tornado.MessagesHandler):
    def get_channel(self):
        return self.get_argument("channel")

    def get_messages_center(self):
        return self.application.messages

    def check_origin(self, origin):
        return True


def main():
    io_loop = IOLoop.instance()
    application = tornado.web.Application([("/messages", Handler)])
    application.messages = bachata.redis.RedisMessagesCenter(
        loop=io_loop.asyncio_loop,
        conn_params={"address": ("127.0.0.1", int(sys.argv[1]))},
        reliable=True,
    )
    application.messages.add_route(bachata.DirectRoute())
    io_loop.asyncio_loop.run_until_complete(application.messages.init())

    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server = tornado.httpserver.HTTPServer(application)
    server.add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    io_loop.start()


if __name__ == "__main__":
    main()
