"""A mail server for tests: aiosmtpd with STARTTLS and authentication.

usage: smtpd.py CERTIFICATE KEY USER PASSWORD
Prints its port, then one JSON object for each mail that it has taken. A mail to busy@ is put off
once (451), one to nobody@ is refused (550), one to slow@ is never answered.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

certificate, key, user, password = sys.argv[1:5]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
put_off = set()


def authenticate(server, session, envelope, mechanism, data):
    is_known = data.login.decode() == user and data.password.decode() == password
    return AuthResult(success=is_known)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user <%s>" % address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        to = envelope.rcpt_tos[0]
        if to.startswith("busy@") and mail["Message-ID"] not in put_off:
            put_off.add(mail["Message-ID"])
            return "451 4.3.0 later"
        if to.startswith("slow@"):
            await asyncio.sleep(3600)
        parts = [
            {
                "type": part.get_content_type(),
                "parameters": dict(part["Content-Type"].params),
                "name": part.get_filename(),
                "content": part.get_content(),
            }
            for part in mail.walk()
            if not part.is_multipart()
        ]
        taken = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "is_encrypted": session.ssl is not None,
            "is_authenticated": session.authenticated,
            "headers": {name.lower(): value for name, value in mail.items()},
            "parts": parts,
        }
        print(json.dumps(taken), flush=True)
        return "250 OK"


def protocol():
    return SMTP(
        Handler(),
        hostname="localhost",
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )


async def serve():
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve())
