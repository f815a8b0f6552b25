"""A Parley client in plain Python, written from docs/protocol.md alone (its sections in brackets).

It speaks the telemetry protocol of cmd/beacon, versions 1 (JSON lines) and 2 (binary): it greets,
negotiates, sends readings and waits until they are acknowledged, takes part in a live upgrade, and
attaches again after a cut.

    python3 parley_peer.py 127.0.0.1:7400 --count 100 --cut-after 30
"""
import argparse, hashlib, hmac, json, os, select, socket, struct, sys, time

# [5.2] kind: its number, its flag 0x01, its fields: i = integer, b16 = that many bytes, s = text to the end.
KINDS = {
    "DATA": (1, "", ""), "ACK": (2, "ask", "done:i received:i"), "PING": (3, "", "id:i next:i"), "PONG": (4, "", "id:i"),
    "PROBE": (5, "", "epoch:i proof:b32"), "ATTACH": (6, "secret", "session:b16 generation:i received:i first:i auth:b32"),
    "ATTACHED": (7, "known", "generation:i epoch:i received:i first:i"), "PROPOSE": (8, "", "epoch:i version:i nonce:b16"),
    "ACCEPT": (9, "", "epoch:i version:i nonce:b16"), "REJECT": (10, "", "epoch:i code:i msg:s"), "WITHDRAW": (11, "", "epoch:i"),
    "CUT": (12, "", "epoch:i last:i frames:i proof:b32"), "NACK": (13, "", "seq:i msg:s"), "GAP": (14, "", "seq:i code:i msg:s"),
    "GOAWAY": (15, "", "retry:i alt:s"), "CLOSE": (16, "", "code:i msg:s"),
}
NUMBERS = {number: kind for kind, (number, _, _) in KINDS.items()}


def fields(kind):
    return [field.split(":") for field in KINDS[kind][2].split()]


def uvarint(n):
    out = b""
    while n > 0x7F:
        out, n = out + bytes([n & 0x7F | 0x80]), n >> 7
    return out + bytes([n])


class Cursor:
    def __init__(self, b):
        self.b = b

    def take(self, n):
        out, self.b = self.b[:n], self.b[n:]
        return out

    def uvarint(self):
        n = shift = 0
        while True:
            c = self.take(1)[0]
            n, shift = n | (c & 0x7F) << shift, shift + 7
            if c < 0x80:
                return n


def spell_text(kind, f):  # [5.4]
    if kind == "DATA":
        return b"DATA %d - " % f["seq"] + f["payload"]
    words = [kind] + ([KINDS[kind][1]] if f.get("flag") else [])
    return " ".join(words + ["%s=%s" % (k, f[k].hex() if how[0] == "b" else f[k]) for k, how in fields(kind)]).encode()


def spell_binary(kind, f):  # [5.2]
    out = bytes([KINDS[kind][0], 1 if f.get("flag") else 0])
    if kind == "DATA":
        return out + uvarint(f["seq"]) + f["payload"]
    for k, how in fields(kind):
        out += uvarint(f[k]) if how == "i" else f[k].encode() if how == "s" else f[k]
    return out


def parse_text(body):
    kind, _, rest = body.partition(b" ")
    kind = kind.decode()
    if kind == "DATA":
        seq, attrs, payload = rest.split(b" ", 2)
        attrs = dict(a.partition("=")[::2] for a in attrs.decode().split(","))
        f = {"seq": int(seq), "payload": payload, "more": "more" in attrs}
        return kind, f | ({"done": int(attrs["ack"].split("/")[0])} if "ack" in attrs else {})
    rest, f = rest.decode(), {}
    if KINDS[kind][1] and rest.split(" ")[0] == KINDS[kind][1]:
        f["flag"], rest = True, rest.partition(" ")[2]
    for k, how in fields(kind):
        word, _, rest = (rest, "", "") if how == "s" else rest.partition(" ")
        value = word.partition("=")[2]
        f[k] = int(value) if how == "i" else value if how == "s" else bytes.fromhex(value)
    return kind, f


def parse_binary(body):
    c = Cursor(body[2:])
    kind, flags = NUMBERS[body[0]], body[1]
    if kind == "DATA":  # [5.3]
        f = {"seq": c.uvarint(), "more": bool(flags & 0x02)}
        if flags & 0x01:
            f["done"], _ = c.uvarint(), c.uvarint()
        for _ in range(bool(flags & 0x08) + bool(flags & 0x10)):
            c.uvarint()
        if flags & 0x80:
            c.take(c.uvarint())
        return kind, f | {"payload": c.b}
    f = {"flag": bool(flags & 1)}
    for k, how in fields(kind):
        f[k] = c.uvarint() if how == "i" else c.b.decode() if how == "s" else c.take(int(how[1:]))
    return kind, f


def reading(version, n):
    """The payload of reading n in a version of telemetry."""
    if version == 1:
        return json.dumps({"type": "reading", "device": "py", "sensor": "count", "n": n, "at": "2024-05-01T12:00:00Z", "value": n / 2}).encode()
    return b"\x01\x02py\x05count" + struct.pack(">Qqd", n, 1714564800 * 10**9, n / 2) + b"\x00"


class Peer:
    def __init__(self, address, versions, cut_after):
        host, _, port = address.rpartition(":")
        self.address, self.versions, self.cut_after = (host, int(port)), versions, cut_after
        self.session, self.secret = os.urandom(16), os.urandom(32)  # [6.1]
        self.generation = self.seq = self.received = self.upgrades = 0
        self.known, self.retained = False, []  # seen an ATTACHED; numbers of unacknowledged readings

    def send(self, *envelopes):
        """Writes envelopes, all in one write."""
        out = b""
        for kind, f in envelopes:
            self.frames += 1
            if kind == "CUT":
                f["frames"] = self.frames
            body = spell_text(kind, f) + b"\n" if self.writes == 1 else spell_binary(kind, f)
            out += body if self.writes == 1 else struct.pack(">I", len(body)) + body
            if kind == "CUT":
                self.writes, self.frames = self.next_version, 0
        self.sock.sendall(out)

    def fill(self):
        chunk = self.sock.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self.buf += chunk

    def next(self):
        while True:
            if self.reads == 1 and b"\n" in self.buf:
                body, _, self.buf = self.buf.partition(b"\n")
                return parse_text(body)
            size = 4 + struct.unpack(">I", self.buf[:4])[0] if self.reads != 1 and len(self.buf) >= 4 else 1 << 40
            if len(self.buf) >= size:
                body, self.buf = self.buf[4:size], self.buf[size:]
                return parse_binary(body)
            self.fill()

    def proof(self, role, kind):  # [4.3], without a key
        return hmac.new(b"", b"parley proof 1\0" + role + kind + struct.pack(">Q", self.epoch) + self.digest, hashlib.sha256).digest()

    def verify(self, f, kind, why):
        if not hmac.compare_digest(f["proof"], self.proof(b"S", kind)) or f["epoch"] != self.epoch:
            raise SystemExit("the server's %s does not verify" % why)

    def data(self, seq):
        return "DATA", {"seq": seq, "payload": reading(self.writes, seq)}

    def connect(self):
        self.sock = socket.create_connection(self.address, timeout=10)
        greeting = ("PARLEY/1 telemetry v=%s n=%s x-grease=1" % (self.versions, os.urandom(16).hex())).encode()  # [1]
        self.sock.sendall(greeting + b"\n")
        self.buf, self.epoch, self.frames, self.next_version, self.attached = b"", 0, 0, None, False
        while b"\n" not in self.buf:
            self.fill()
        answer, _, self.buf = self.buf.partition(b"\n")
        words = answer.decode().split(" ")
        if words[:2] != ["PARLEY/1", "OK"]:  # [2], [3]
            raise SystemExit("refused: " + answer.decode())
        keys = dict(word.partition("=")[::2] for word in words[3:])
        self.reads = self.writes = int(keys["v"])
        self.beat = int(keys.get("hb", "25000/10000").split("/")[0]) / 1000
        self.digest = hashlib.sha256(b"parley greeting 1\0" + b"".join(struct.pack(">I", len(x)) + x for x in (greeting, answer))).digest()  # [4.1]
        self.verify(self.next()[1], b"P", "PROBE")
        self.generation += 1
        auth = self.secret
        if self.known:  # [6.2]
            numbers = struct.pack(">QQ", self.generation, self.received)
            auth = hmac.new(self.secret, b"parley attach 1\0" + self.digest + self.session + numbers, hashlib.sha256).digest()
        self.send(("PROBE", {"epoch": 0, "proof": self.proof(b"C", b"P")}), ("ATTACH", {
            "flag": not self.known, "session": self.session, "generation": self.generation, "received": self.received,
            "first": min(self.retained, default=self.seq + 1), "auth": auth}))

    def handle(self, kind, f):
        self.retained = [seq for seq in self.retained if seq > f.get("done", 0)]  # [6.6]
        if kind == "ATTACHED":
            if self.known and not f["flag"]:
                raise SystemExit("the session is lost: %d outcomes unknown" % len(self.retained))
            self.known = self.attached = True
            self.send(*[self.data(seq) for seq in self.retained if seq > f["received"]])  # [6.4]
        elif kind in ("DATA", "GAP"):
            if not f.get("more") and f["seq"] == self.received + 1:  # [6.5]
                self.received += 1
            self.send(("ACK", {"done": self.received, "received": self.received}))
        elif kind == "ACK" and f.get("flag"):
            self.send(("ACK", {"done": self.received, "received": self.received}))
        elif kind == "PING":  # [8.3]
            self.send(("PONG", {"id": f["id"]}))
        elif kind == "PROPOSE" and f["epoch"] == self.epoch + 1:  # [7]
            accept = {"epoch": f["epoch"], "version": f["version"], "nonce": f["nonce"]}
            agreed = [spell_text("PROPOSE", f), spell_text("ACCEPT", accept)]
            self.send(("ACCEPT", accept))
            self.epoch, self.next_version = f["epoch"], f["version"]
            self.digest = hashlib.sha256(b"parley upgrade 1\0" + self.digest + b"".join(struct.pack(">I", len(x)) + x for x in agreed)).digest()  # [4.2]
            self.send(("CUT", {"epoch": self.epoch, "last": self.seq, "proof": self.proof(b"C", b"U")}),
                      ("PROBE", {"epoch": self.epoch, "proof": self.proof(b"C", b"P")}))
        elif kind == "CUT":
            self.verify(f, b"U", "CUT")
            self.reads, self.next_version = self.next_version, None
            self.verify(self.next()[1], b"P", "PROBE")
            self.upgrades += 1
        elif kind == "CLOSE":
            raise SystemExit("the server ended the session: code %(code)d %(msg)s" % f)

    def step(self, count, rate):
        now = time.monotonic()
        ready = self.attached and not self.next_version
        if ready and self.seq < count and now >= self.due:
            self.seq, self.due = self.seq + 1, now + 1 / rate
            self.retained.append(self.seq)
            self.send(self.data(self.seq))
            if self.seq == self.cut_after:
                raise ConnectionError("cut on purpose")
        if now - self.last > (0.2 if self.seq == count else self.beat):  # [8.1]; at the end, hurry
            self.last = now
            ack = {"flag": True, "done": self.received, "received": self.received}
            self.send(("ACK", ack) if self.seq == count else ("PING", {"id": int(now), "next": int(self.beat * 1000)}))
        while self.buf or select.select([self.sock], [], [], 0.002)[0]:
            self.handle(*self.next())

    def run(self, count, rate):
        self.due = self.last = time.monotonic()
        self.connect()
        while self.seq < count or self.retained:
            try:
                self.step(count, rate)
            except (ConnectionError, socket.timeout) as why:
                print("attaching again:", why, file=sys.stderr)
                self.sock.close()
                self.connect()
        self.send(("CLOSE", {"code": 0, "msg": "done"}))
        print("acknowledged=%d upgrades=%d generations=%d version=%d" % (self.seq, self.upgrades, self.generation, self.writes))


if __name__ == "__main__":
    args = argparse.ArgumentParser(description="a Parley client for beacon's telemetry")
    args.add_argument("address")
    args.add_argument("--versions", default="1-2")
    args.add_argument("--count", type=int, default=100)
    args.add_argument("--rate", type=float, default=1000, help="readings a second")
    args.add_argument("--cut-after", type=int, default=0, help="cut the connection after this reading")
    a = args.parse_args()
    Peer(a.address, a.versions, a.cut_after).run(a.count, a.rate)
