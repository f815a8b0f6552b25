// Package liveness judges a session by a score, so that one lost heartbeat on a bad link
// does not end it and a link that is bad for long does.
//
// A missed heartbeat raises the score, one in time lowers it. Each time the score reaches its
// threshold is a strike. Three strikes mean that the session is leaving; one that is leaving
// for longer than two minutes is dead, and the server closes it and frees its slot. Ten
// heartbeats in a row bring it back and forgive all strikes.
//
//	         3 strikes                 leaving for > 2 min
//	Alive ──────────────▶ Leaving ─────────────────────────▶ Dead
//	  ▲                      │
//	  └──────────────────────┘
//	     10 beats in a row
//
// All numbers are fields of [Config]. The connection itself is closed earlier, by the
// silence that docs/protocol.md (8.2) allows; the session then waits for its client to
// attach anew, and the score counts on.
package liveness
