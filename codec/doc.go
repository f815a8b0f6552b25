// Package codec holds the versions of a protocol's messages and turns messages into bytes
// and back, one [Codec] for each version.
//
// A [Protocol] lists its releases in ascending order. Each [Release] is one version: its
// codec, whether its payloads are text, and a fingerprint of its layout, by which two peers
// find out that they mean the same thing by the same number.
//
//	Protocol telemetry
//	├── Release 1   text    {"type":"reading","sensor":"t1","celsius":21.5}
//	├── Release 2   binary  01 02 74 31 40 35 80 00 00 00 00 00 …
//	└── Release 3   binary  01 02 74 31 00 00 53 fc …
//	                         │  └──────────┬──────────
//	                   message id     message body
//
// A payload is self-contained: it says which message it holds, by a uvarint id in generated
// binary codecs, by a "type" member in text ones. It has no length of its own; package frame
// finds its ends on a stream.
//
// Codecs come from three places. The tool's gen command writes them from Go structs with tags, one
// straight-line function for each message and version (see docs/codec.md). [JSON] makes one
// from hand-written types. Any other serialiser becomes one by implementing two methods.
//
// What a codec of this module promises: what was encoded decodes to an equal value; one value
// has one encoding; every strict prefix of a payload is an error, and so are bytes after its
// end; memory grows with the input's size, never with a number found in it; a message that
// an older version cannot carry is a [*LossError] before a byte is written.
package codec
