// Package wire holds what generated codecs are made of: varints, lengths, times, the state
// of one decode with its memory budget, and errors that say where.
//
// Its functions take a buffer and an index and return the next index, so that generated
// code keeps one local cursor and the compiler one copy of it in a register:
//
//	src  │ 02 74 31 │ 40 35 80 00 00 00 00 00 │ …
//	      i          i'                         i''
//
// Programs use package codec and their generated packages; this one is for the generator
// and for codecs written by hand in its style.
package wire
