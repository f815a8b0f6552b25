// Package sessiontest couples session machines in memory and in virtual time, and checks what
// the sessions promise.
//
//	    Client                                      Server
//	┌────────────┐   up    ▯▯▯▯▯▯▯▯▯▯ ──▶    ┌────────────┐
//	│  Machine   │──────▶ bytes on the way    │  Machine   │
//	│  sent, got │◀────── ▯▯▯▯▯▯▯▯▯▯  down    │  got, sent │
//	└────────────┘                            └────────────┘
//
// A [Pair] has the two sides, the present connection and the clock. Its methods are the events
// of a schedule: Dial, Deliver so many bytes, Cut, Advance. Nothing happens by itself, and
// the same calls always have the same results. [Side.Check] is the oracle: every message was
// handed over exactly once and in order within its lane, or has the outcome that says why not.
//
// The messages are a protocol of three versions made for the purpose: text, and two binary
// layouts, with values that a version cannot carry or that a peer cannot decode.
package sessiontest
