package main

import (
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

var lines = negotiate.RecognizeLines(1)

// recogniseLegacy takes a client that begins with a JSON object on a line for a legacy one: it
// never greets and sends version 1 readings, as `nc` or a ten-line script can.
func recogniseLegacy(first []byte) (codec.Version, negotiate.Verdict) {
	if first[0] != '{' {
		return 0, negotiate.Unknown
	}
	return lines(first)
}
