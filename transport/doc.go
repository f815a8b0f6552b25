// Package transport keeps sessions alive between a client and a server: it connects, and
// connects again, and loses, repeats and reorders nothing on the way.
//
// A [Client] is a [Session] that dials by itself. A [Server] accepts and holds one [Session]
// for each of its clients. A session outlives its connections:
//
//	client                                                   server
//	Send 1 2 3 ─▶ ┌──────────────────────────────────────┐ ─▶ Handler 1 2 3
//	              │ session 5f21…                        │
//	              │   connection 1  ═══════╳  cut        │
//	              │   connection 2      ═══════╳  cut    │
//	              │   connection 3          ════════════ │
//	Reply     ◀─  └──────────────────────────────────────┘ ◀─ Call, push
//
// What [Session.Send] accepted is delivered once, in order within its lane, or its outcome is
// told: dropped and why, or unknown, when the session itself ended. The rules of this, of
// heartbeats and of changing the version under traffic live in package session, a machine
// without I/O. Here bytes and time are moved:
//
//	               ┌─────────── one mutex ───────────┐
//	conn.Read ───▶ │ Wrote  ─▶ session.Machine ─▶ Next │ ──▶ handlers, waiting calls
//	conn.Write ◀── │ Output ◀─                ◀─ Send  │ ◀── any goroutine
//	timer ───────▶ │ Tick                               │
//	               └─────────────────────────────────┘
//
// # Goroutines
//
// An idle session has one goroutine at the server, which reads. Handlers run on it, one at a
// time; when one takes longer than 10 to 20 ms another goroutine reads on, so heartbeats are
// answered. Output is written by whoever caused it when nothing else is on its way;
// otherwise by a writer that is started on demand, gathers what comes, and ends when there is
// no more. A session that has been quiet for 2 seconds gives its buffers back.
//
// On Linux, over plain TCP, calls that are made one after another read their replies themselves,
// which saves a change of goroutines; what comes between them is still read at once.
//
// # States
//
// What a client does is a [State], and each [Change] of it is told to Config.OnChange, to
// [Client.Watch] and to the log:
//
//	Idle ─▶ Connecting ─▶ Attaching ─▶ Ready ─▶ Draining ─▶ Closed
//	            ▲   │          │         │
//	            │   ▼          ▼         ▼
//	            └── Waiting ◀────────────┘
//
// How long it waits is [Backoff]'s. Why a connection failed is an [*Error] with a [Kind].
//
// # More
//
// Package liveness judges sessions by their heartbeats, package natsearch finds the longest
// interval that a path allows. docs/transport.md is the guide, docs/protocol.md the wire.
package transport
