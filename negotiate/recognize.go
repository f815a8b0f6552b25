package negotiate

import "github.com/parleyproto/parley/codec"

// Verdict is what a [Recognizer] says.
type Verdict uint8

const (
	Unknown    Verdict = iota // not a peer that may be served
	NeedMore                  // more bytes will tell
	Recognized                // a legacy peer, to be served in the version returned
)

// Recognizer tells legacy peers by their first bytes, which are no greeting (for a server)
// or no answer (for a client). It is asked anew with each byte more, up to MaxLine of them,
// until it does not say NeedMore; more bytes than that mean Unknown. It must not keep first,
// and must depend on nothing else.
type Recognizer func(first []byte) (codec.Version, Verdict)

// RecognizeLines serves peers that send a line of text in version v: up to the first LF all
// bytes must be printable ASCII, tab, CR or parts of UTF-8 sequences.
func RecognizeLines(v codec.Version) Recognizer {
	return func(first []byte) (codec.Version, Verdict) {
		c := first[len(first)-1] // those before were asked about before
		switch {
		case c == '\n':
			return v, Recognized
		case c < 0x20 && c != '\t' && c != '\r' || c == 0x7f:
			return 0, Unknown
		}
		return 0, NeedMore
	}
}

// RecognizeJSON serves peers that send a length of 4 bytes, big-endian and below 16 MiB, and
// then a JSON object, in version v.
func RecognizeJSON(v codec.Version) Recognizer {
	return func(first []byte) (codec.Version, Verdict) {
		switch {
		case first[0] != 0:
			return 0, Unknown
		case len(first) < 5:
			return 0, NeedMore
		case first[4] != '{':
			return 0, Unknown
		}
		return v, Recognized
	}
}

// RecognizeAny asks each recogniser in turn. The first that knows the peer decides; as long as
// one before it needs more bytes, it waits.
func RecognizeAny(rs ...Recognizer) Recognizer {
	return func(first []byte) (codec.Version, Verdict) {
		for _, r := range rs {
			if v, verdict := r(first); verdict != Unknown {
				return v, verdict
			}
		}
		return 0, Unknown
	}
}
