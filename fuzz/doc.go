// Package fuzz holds what it takes to fuzz a protocol with `go test -fuzz`:
// sources of decisions, cuts of streams, changed frames, machines driven by
// scripts, and oracles.
//
// A fuzz target is three things: bytes turned into a case, the code under test,
// and an oracle, which knows a wrong answer without knowing the right one.
//
//	input ──► Source ──► decisions ──► Plan          cuts a stream into Reads
//	                                   MutateFrames  messages with something wrong
//	                                   Machine       operations on a system and its model
//	                                   fault.ScheduleFrom   faults of a connection
//
// The oracles are the laws that every wire format keeps:
//
//	CheckSplit    the cuts of the stream do not matter      ab|c = a|bc = a|b|c
//	RoundTrip     v → bytes → v, and all bytes are taken
//	Canonical     bytes → v → the same bytes
//	Prefix        every strict prefix is an error           abc, but not ab, a, ""
//	Trailing      a byte more is not part of the value      abc = abc|x
//	NoAlias       value and bytes share no memory
//	AllocBound    memory grows with bytes received, not with a declared length
//	Differential  two decoders agree
//
// Every failure of an oracle starts with a line `ORACLE <id> <detail>` that
// holds nothing of the input, so that findings with one cause read the same.
//
// The engine keeps inputs that reach new code. Observe lets it keep those that
// reach a new state as well; a Machine does that for its State. Watchdog gives
// an input that hangs a message.
//
// Beside this package: fuzz/fault has connections that fail and a network in
// memory, fuzz/explore visits all states of a model, fuzz/prop makes gopter
// properties fuzz targets. docs/fuzzing.md is a guide to all of them.
package fuzz
