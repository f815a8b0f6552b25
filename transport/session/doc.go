// Package session is the reliable session as a state machine without I/O: bytes, calls and
// the time go in; bytes, events and the next deadline come out.
//
// A session outlives its connections. Every message accepted by [Machine.Send] is handed to
// the other application exactly once and in order within its lane, over any number of cut
// connections and changes of version, or its sender learns its outcome: acked, dropped, or,
// when the session itself has ended, unknown.
//
//	lane high   ▢▢                      number       flight, until acknowledged
//	lane normal ▢▢▢▢▢▢▢  ── Output ──▶  17 18 19 …   ▣▣▣▣▣▣▣▣
//	lane low    ▢▢▢                                  │
//	                                                 ▼
//	00 00 00 0c  01 01  11  0f 10  7b 22 6e 22 3a 34 7d      one frame
//	 length      │  │   │   │  │   payload: {"n":4}
//	             │  │   │   │  received 16                      its envelope: kind DATA,
//	             │  │   │   done 15                             number 17, and on it an
//	             │  │   seq 17                                  acknowledgement
//	             │  flags: ack
//	             kind: DATA
//
// A message keeps the bytes that [Machine.Send] encoded and their version. It gets its number
// when it is first written. Should the connection by then, or after a reconnect or an
// upgrade, speak another version, it is decoded in the old one and encoded in the new.
//
// The parts: a [Config] is checked and becomes a [Profile], once for a client or a server. A
// fresh connection is an [Opening] until it is known which session it wants; then
// [Machine.Attach] takes it over. A peer that knows no envelope is served by [Plain]. An
// [Envelope] is what a frame says, in its binary and its text spelling.
//
// docs/protocol.md is the specification of all that goes over the wire.
package session
