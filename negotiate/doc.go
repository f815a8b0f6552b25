// Package negotiate agrees on a version and features with a peer, at the start of a
// connection and while it runs.
//
// A connection begins with one line of ASCII each way, then one frame each way that proves
// that both sides saw the same lines:
//
//	client  PARLEY/1 telemetry v=1-3 f=zip n=000102…0f⏎
//	        └─ C ───────────────────────────────────┘
//	server  PARLEY/1 OK telemetry v=3 all=1-4 f=zip n=f0e0d0…00⏎
//	        └─ S ───────────────────────────────────────────┘
//	        H0 = SHA-256(label, C, S)
//	server  PROBE(0, HMAC(key, H0))       the first frame of version 3
//	client  PROBE(0, HMAC(key, H0)) …     and the session after it
//
// Later either side may change the version of the live stream. Each direction switches at one
// exact byte, after a CUT that proves what came before it:
//
//	one side    PROPOSE(1, v=2)
//	the other   ACCEPT(1, v=2)            H1 = SHA-256(label, H0, PROPOSE, ACCEPT)
//
//	… version 3 … │ CUT(1, last, frames, HMAC(key, H1)) ┃ PROBE(1, HMAC(key, H1)) │ … version 2 …
//	                                                    ┃
//	                                    the dialect changes at this byte
//
// The decisions are two functions: [Choose] is the server's, [Confirm] the client's check of
// it. [Handshake] speaks the two lines, for either role. [Upgrade] begins with the PROBEs and
// does every change after them. All are pure: bytes, frames and the time go in, bytes and
// actions come out. There is no clock, no goroutine and no I/O here; a driver, such as package
// transport, moves the bytes and calls Step when a deadline has come.
//
// Peers that do not greet are known by their first bytes, if a [Recognizer] is configured.
// What the digest finds and what it does not depends on the [Key]: docs/negotiation.md says
// it plainly. The wire is specified in docs/protocol.md, sections 1 to 4, 7 and 9.
//
// Memory that a peer can make this package hold is bounded by [MaxLine] for each handshake.
package negotiate
