// Package codectest holds the laws that every codec must keep, as gopter properties, fuzz
// targets and benchmarks. Generated tests hand it a [Message] for each message of a protocol.
//
//	decode(encode(m)) = m              encode(decode(b)) = b
//	every strict prefix of b fails     so does b and one byte more
//	len(encode(m)) = size(m)           no decode keeps its input
//	aliasing decode = copying decode   decode into a used value = into a new one
//	memory ≤ input × a stated factor   a loss is an error, listed, and never silent
package codectest
