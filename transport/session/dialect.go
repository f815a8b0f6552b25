package session

import (
	"bytes"
	"fmt"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
)

// Dialect is how one version is spoken: how frames are found on the stream, and how messages
// are spelled in them.
type Dialect struct {
	Version codec.Version
	Format  frame.Format
	Codec   codec.Codec
	Text    bool // envelopes are spelled as text, one line each

	framing framing
}

// framing names the formats that a writer knows by heart. A test compares them with
// AppendFrame.
type framing uint8

const (
	anyFraming framing = iota
	uint32BE
	line
)

// DialectError says that a format cannot carry what a codec writes.
type DialectError struct {
	Version codec.Version
	Reason  string
	Err     error // the cause, or nil
}

func (e *DialectError) Error() string {
	s := fmt.Sprintf("session: %v: the format %s; choose another in Config.Formats", e.Version, e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *DialectError) Unwrap() error { return e.Err }

// newDialect makes the dialect of a release. A nil format means frame.LF for text, else
// frame.Uint32BE. A format that cannot carry every envelope is refused.
func newDialect(r *codec.Release, f frame.Format) (Dialect, error) {
	if f == nil {
		f = frame.Uint32BE
		if r.Text {
			f = frame.LF
		}
	}
	d := Dialect{Version: r.Version, Format: f, Codec: r.Codec, Text: r.Text}
	if _, err := frame.Compile(f); err != nil {
		return d, &DialectError{Version: r.Version, Reason: "has wrong options", Err: err}
	}
	switch f {
	case frame.Uint32BE:
		d.framing = uint32BE
	case frame.LF, frame.StrictLF:
		d.framing = line
	}
	return d, d.check()
}

// check sends samples of all that an envelope may hold through the format and back.
func (d *Dialect) check() error {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	if d.Text {
		all = all[' ':0x7f]
	}
	samples := [][]byte{all[:1], all, all[len(all)-1:], bytes.Repeat(all, MaxEnvelope/len(all)+1)[:MaxEnvelope]}
	if d.Text {
		samples = append(samples, []byte("DATA 1 - "), []byte("DATA 1 - \tpayload \u00fc"))
	}
	for _, s := range samples {
		reason := fmt.Sprintf("cannot carry an envelope of %d bytes", len(s))
		framed, err := d.writer().AppendFrame(nil, s)
		if err != nil {
			return &DialectError{Version: d.Version, Reason: reason, Err: err}
		}
		dec := d.decoder()
		dec.Write(framed)
		got, err := dec.Next()
		if err != nil || !bytes.Equal(got, s) {
			return &DialectError{Version: d.Version, Reason: reason + " whole", Err: err}
		}
	}
	return nil
}

// decoder returns a decoder for one connection.
func (d *Dialect) decoder() *frame.Decoder {
	dec := frame.NewDecoder(d.Format)
	dec.MaxFrame = MaxEnvelope
	return dec
}

// writer returns the format for the writing direction of one connection. The format was
// compiled once without error.
func (d *Dialect) writer() frame.Format {
	f, err := frame.Compile(d.Format)
	if err != nil {
		return d.Format
	}
	if s, ok := f.(frame.Stateful); ok {
		return s.Fresh()
	}
	return f
}

// fits returns why a payload cannot be framed. Only lines are choosy: a codec that says Text
// and writes LF would break every connection.
func (d *Dialect) fits(payload []byte) error {
	if d.framing != line || bytes.IndexByte(payload, '\n') < 0 && !bytes.HasSuffix(payload, []byte{'\r'}) {
		return nil
	}
	_, err := d.Format.AppendFrame(nil, payload)
	return err
}
