# SPDX-License-Identifier: BSD-2-Clause
"""A TLS server that answers each connection with whatever a test wants, and a CONNECT proxy."""
import os
import socket
import ssl
import subprocess
import tempfile
import threading


class Hostile:
    """answer(conn, request_bytes) writes raw bytes; the certificate is good for localhost."""

    def __init__(self, answer):
        self.dir = tempfile.mkdtemp(prefix="okta-hostile-")
        os.chmod(self.dir, 0o755)
        self.ca = os.path.join(self.dir, "cert.pem")
        key = os.path.join(self.dir, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", key, "-out", self.ca], check=True, capture_output=True)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.ca, key)
        self.answer = answer
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.talk, args=(raw,), daemon=True).start()

    def talk(self, raw):
        try:
            with self.tls.wrap_socket(raw, server_side=True) as conn:
                request = b""
                while b"\r\n\r\n" not in request:
                    chunk = conn.recv(65536)
                    if not chunk:
                        return
                    request += chunk
                self.answer(conn, request)
        except OSError:
            pass

    def close(self):
        self.listener.close()


class Proxy:
    """CONNECT only; remembers what it was asked for.  With a PORT, whoever is asked for is there."""

    def __init__(self, port=None):
        self.asked = []
        self.to_port = port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(conn,), daemon=True).start()

    def talk(self, conn):
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                head += conn.recv(65536)
            self.asked.append(head)
            host, port = head.split()[1].decode().rsplit(":", 1)
            if self.to_port:
                host, port = "127.0.0.1", self.to_port
            with socket.create_connection((host, int(port))) as up:
                conn.sendall(b"HTTP/1.1 200 ok\r\n\r\n")
                back = threading.Thread(target=pump, args=(up, conn), daemon=True)
                back.start()
                pump(conn, up)
                back.join(5)
        except (OSError, ValueError, IndexError):
            pass

    def close(self):
        self.listener.close()


def pump(src, dst):
    try:
        while True:
            data = src.recv(65536)
            if not data:
                break
            dst.sendall(data)
        dst.shutdown(socket.SHUT_WR)
    except OSError:
        pass
