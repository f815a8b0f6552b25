// Package gen turns a protocol's model (package schema) into Go source.
//
//	telemetry.go            the user's structs with tags
//	telemetry_parley.go     Protocol, methods of the messages, defaults, guard
//	telemetry_v1_parley.go  codecV1 and the functions of version 1
//	telemetry_v2_parley.go  codecV2 and what version 2 changes
//	…
//
// A message is encoded in two passes. The first computes the exact size and finds all that
// forbids encoding: limits, losses, nil. Then the output grows once, and the second pass
// writes without a check:
//
//	sizeReadingV2(m) ──n──▶ wire.Grow(dst, n) ──▶ putReadingV2(b, i, m)
//
// Decoding is one pass with a local cursor and one bounds check for each run of fixed-width
// fields. Versions in which a struct looks the same share its functions.
package gen
