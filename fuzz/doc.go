// Package fuzz holds sources, split plans and oracles for fuzzing protocols.
//
// A fuzz target is three things: bytes turned into a case (Source, PlanFrom),
// the code under test, and an oracle that knows a wrong answer without knowing
// the right one. The oracles here are the laws that every wire format keeps:
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
package fuzz
