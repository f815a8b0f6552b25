"""A Parley client in plain Python, written from docs/protocol.md alone (its sections in brackets).

It sends readings to cmd/beacon in version 1 (JSON lines) or 2 (binary), takes part in a live upgrade,
and attaches again after a cut: parley_peer.py 127.0.0.1:7400 --count 100 --rate 1000 --cut-after 30
"""
import argparse, hashlib, hmac, json, os, select, socket, struct, sys, time

# [5.2] The kinds in the order of their numbers: name, flag 0x01, fields: i = integer, b16 = that many bytes, s = text to the end.
KINDS = [kind.split() for kind in """DATA -|ACK ask done:i received:i|PING - id:i next:i|PONG - id:i|PROBE - epoch:i proof:b32|
ATTACH secret session:b16 generation:i received:i first:i auth:b32|ATTACHED known generation:i epoch:i received:i first:i|
PROPOSE - epoch:i version:i nonce:b16|ACCEPT - epoch:i version:i nonce:b16|REJECT - epoch:i code:i msg:s|WITHDRAW - epoch:i|
CUT - epoch:i last:i frames:i proof:b32|NACK - seq:i msg:s|GAP - seq:i code:i msg:s|GOAWAY - retry:i alt:s|CLOSE - code:i msg:s""".split("|")]
NUMBER = {kind[0]: i + 1 for i, kind in enumerate(KINDS)}
FLAG = {kind[0]: kind[1] for kind in KINDS}
FIELDS = {kind[0]: [field.split(":") for field in kind[2:]] for kind in KINDS}

def uvarint(n):
    return bytes([n]) if n < 0x80 else bytes([n & 0x7F | 0x80]) + uvarint(n >> 7)

def read_uvarint(b):
    n, rest = read_uvarint(b[1:]) if b[0] & 0x80 else (0, b[1:])
    return b[0] & 0x7F | n << 7, rest

def spell_text(kind, f):  # [5.4]
    if kind == "DATA":
        return b"DATA %d - " % f["seq"] + f["payload"]
    words = [kind] + ([FLAG[kind]] if f.get("flag") else [])
    return " ".join(words + ["%s=%s" % (k, f[k].hex() if how[0] == "b" else f[k]) for k, how in FIELDS[kind]]).encode()

def spell_binary(kind, f):  # [5.2]
    out = bytes([NUMBER[kind], 1 if f.get("flag") else 0])
    if kind == "DATA":
        return out + uvarint(f["seq"]) + f["payload"]
    return out + b"".join(uvarint(f[k]) if how == "i" else f[k].encode() if how == "s" else f[k] for k, how in FIELDS[kind])

def parse_text(body):
    kind, _, rest = body.decode().partition(" ")
    if kind == "DATA":
        seq, attrs, payload = rest.split(" ", 2)
        words = dict(a.partition("=")[::2] for a in attrs.split(","))
        return kind, {"seq": int(seq), "done": int(words.get("ack", "0").split("/")[0]), "more": "more" in words, "payload": payload}
    rest, _, text = rest.partition("msg=")
    words = dict(word.partition("=")[::2] for word in rest.split())
    f = {k: {"i": int, "b": bytes.fromhex, "s": str}[how[0]](words.get(k, text)) for k, how in FIELDS[kind]}
    return kind, f | {"flag": FLAG[kind] in words}

def parse_binary(body):
    kind, flags, b, f = KINDS[body[0] - 1][0], body[1], body[2:], {"flag": bool(body[1] & 1)}
    if kind == "DATA":  # [5.3]
        for k, bit in (("seq", 0xFF), ("done", 0x01), ("received", 0x01), ("call", 0x08), ("re", 0x10), ("ext", 0x80)):
            if flags & bit or k == "seq":
                f[k], b = read_uvarint(b)
        return kind, f | {"more": bool(flags & 0x02), "payload": b[f.get("ext", 0):]}
    for k, how in FIELDS[kind]:
        n = int(how[1:] or 0) or len(b)
        f[k], b = read_uvarint(b) if how == "i" else (b[:n], b[n:])
    return kind, f

def digest(label, *lines):  # [4.1], [4.2]
    return hashlib.sha256(label + b"".join(struct.pack(">I", len(x)) + x for x in lines)).digest()

def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()

def reading(version, n):  # the payload of reading n in a version of telemetry
    if version == 1:
        return json.dumps({"type": "reading", "device": "py", "sensor": "count", "n": n, "at": "2024-05-01T12:00:00Z", "value": n / 2}).encode()
    return b"\x01\x02py\x05count" + struct.pack(">Qqd", n, 1714564800 * 10**9, n / 2) + b"\x00"

class Peer:
    def __init__(self, address, versions, cut_after):
        self.address, self.versions, self.cut_after = address.rsplit(":", 1), versions, cut_after
        self.session, self.secret = os.urandom(16), os.urandom(32)  # [6.1]
        self.generation = self.seq = self.received = self.upgrades = 0
        self.due = self.last = time.monotonic()
        self.known, self.retained = False, []  # seen an ATTACHED; numbers of unacknowledged readings

    def send(self, *envelopes):  # all in one write
        out = b""
        for kind, f in envelopes:
            self.frames += 1
            if kind == "CUT":
                f["frames"] = self.frames
            elif kind == "DATA":
                f["payload"] = reading(self.writes, f["seq"])
            body = spell_text(kind, f) + b"\n" if self.writes == 1 else spell_binary(kind, f)
            out += body if self.writes == 1 else struct.pack(">I", len(body)) + body
            if kind == "CUT":
                self.writes, self.frames = self.next_version, 0
        self.sock.sendall(out)

    def take(self, n=None):  # the next n bytes, or the next line
        while len(self.buf) < n if n else b"\n" not in self.buf:
            chunk = self.sock.recv(65536)
            if not chunk:
                raise ConnectionError("the server closed the connection")
            self.buf += chunk
        n = n or self.buf.index(b"\n") + 1
        self.buf, out = self.buf[n:], self.buf[:n]
        return out

    def next(self):
        self.came += 1
        if self.reads == 1:
            return parse_text(self.take()[:-1])
        return parse_binary(self.take(struct.unpack(">I", self.take(4))[0]))

    def proof(self, role, kind):  # [4.3], without a key
        return mac(b"", b"parley proof 1\0", role, kind, struct.pack(">Q", self.epoch), self.digest)

    def verify(self, f, kind):
        if not hmac.compare_digest(f["proof"], self.proof(b"S", kind)) or f["epoch"] != self.epoch:
            raise SystemExit("the server's proof does not verify")

    def ack(self, ask):
        return "ACK", {"flag": ask, "done": self.received, "received": self.received}

    def connect(self):
        self.sock = socket.create_connection(self.address, timeout=10)
        greeting = ("PARLEY/1 telemetry v=%s n=%s x-grease=1" % (self.versions, os.urandom(16).hex())).encode()  # [1]
        self.sock.sendall(greeting + b"\n")
        self.buf, self.epoch, self.frames, self.came, self.next_version, self.attached = b"", 0, 0, 0, None, False
        answer = self.take()[:-1]
        keys = dict(word.partition("=")[::2] for word in answer.decode().split(" "))
        if "OK" not in keys:  # [2], [3]
            raise SystemExit("refused: " + answer.decode())
        self.reads = self.writes = int(keys["v"])
        self.beat = int(keys.get("hb", "25000/10000").split("/")[0]) / 1000
        self.digest = digest(b"parley greeting 1\0", greeting, answer)
        self.verify(self.next()[1], b"P")
        self.generation += 1
        numbers = struct.pack(">QQ", self.generation, self.received)  # [6.2]
        auth = mac(self.secret, b"parley attach 1\0", self.digest, self.session, numbers) if self.known else self.secret
        self.send(("PROBE", {"epoch": 0, "proof": self.proof(b"C", b"P")}), ("ATTACH", {
            "flag": not self.known, "session": self.session, "generation": self.generation, "received": self.received,
            "first": min(self.retained, default=self.seq + 1), "auth": auth}))

    def handle(self, kind, f):
        self.retained = [seq for seq in self.retained if seq > f.get("done", 0)]  # [6.6]
        if kind == "ATTACHED":
            if self.known and not f["flag"]:  # [6.4]
                raise SystemExit("the session is lost: %d outcomes unknown" % len(self.retained))
            self.known = self.attached = True
            self.send(*[("DATA", {"seq": seq}) for seq in self.retained if seq > f["received"]])
        elif kind in ("DATA", "GAP") or kind == "ACK" and f.get("flag"):
            self.received += kind != "ACK" and not f.get("more") and f["seq"] == self.received + 1  # [6.5]
            self.send(self.ack(False))
        elif kind == "PING":  # [8.3]
            self.send(("PONG", {"id": f["id"]}))
        elif kind == "PROPOSE" and f["epoch"] == self.epoch + 1:  # [7]
            accept = {k: f[k] for k in ("epoch", "version", "nonce")}
            self.send(("ACCEPT", accept))
            self.epoch, self.next_version = f["epoch"], f["version"]
            self.digest = digest(b"parley upgrade 1\0" + self.digest, spell_text("PROPOSE", f), spell_text("ACCEPT", accept))
            self.send(("CUT", {"epoch": self.epoch, "last": self.seq, "proof": self.proof(b"C", b"U")}),
                      ("PROBE", {"epoch": self.epoch, "proof": self.proof(b"C", b"P")}))
        elif kind == "CUT":
            self.verify(f, b"U")  # [7.5]
            if f["frames"] != self.came or f["last"] != self.received:
                raise SystemExit("the server's CUT counts other frames than came")
            self.reads, self.next_version, self.came = self.next_version, None, 0
            self.verify(self.next()[1], b"P")
            self.upgrades += 1
        elif kind == "CLOSE" or kind == "GOAWAY" and not self.attached:  # [6.10]: not now
            raise SystemExit("the server ended the session: code %(code)d %(msg)s" % f if kind == "CLOSE" else "refused: come again in %(retry)d ms" % f)

    def step(self, count, rate):
        now = time.monotonic()
        if self.attached and not self.next_version and self.seq < count and now >= self.due:
            self.seq, self.due = self.seq + 1, now + 1 / rate
            self.retained.append(self.seq)
            self.send(("DATA", {"seq": self.seq}))
            if self.seq == self.cut_after:
                raise ConnectionError("cut on purpose")
        if now - self.last > (0.2 if self.seq == count else self.beat):  # [8.1]; at the end, hurry
            self.last = now
            self.send(self.ack(True) if self.seq == count else ("PING", {"id": int(now), "next": int(self.beat * 1000)}))
        while self.buf or select.select([self.sock], [], [], 0.002)[0]:
            self.handle(*self.next())

    def run(self, count, rate):
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
    for name, default in (("--versions", "1-2"), ("--count", 100), ("--rate", 1000), ("--cut-after", 0)):
        args.add_argument(name, type=type(default), default=default)
    a = args.parse_args()
    Peer(a.address, a.versions, a.cut_after).run(a.count, a.rate)
