package schema

import (
	"fmt"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/wire"
)

// Interpreter encodes and decodes the messages of one version by walking the model: slowly
// and plainly, without the Go types. Generated code is tested against it, and tools show
// messages with it whose package they do not link. It is safe for concurrent use.
type Interpreter struct {
	p *Protocol
	v codec.Version
}

// Interpreter returns the interpreter of version v, or a [*codec.VersionError].
func (p *Protocol) Interpreter(v codec.Version) (*Interpreter, error) {
	if !p.Versions.Has(v) {
		return nil, &codec.VersionError{Protocol: p.Name, Version: v, Have: p.All()}
	}
	return &Interpreter{p, v}, nil
}

// Decode returns the message that a payload holds.
func (in *Interpreter) Decode(src []byte) (*Record, error) {
	if in.p.IsText(in.v) {
		return in.decodeText(src)
	}
	r := in.reader(src)
	id := r.uvarint()
	if r.err != nil {
		return nil, wire.Of(r.err, "", in.v)
	}
	for _, m := range in.p.MessagesAt(in.v) {
		if m.ID == id {
			return in.finish(r, m)
		}
	}
	return nil, wire.UnknownMessage(id, in.v)
}

// DecodeBody returns the struct that a payload without an id holds. The version must be a
// binary one.
func (in *Interpreter) DecodeBody(s *Struct, src []byte) (*Record, error) {
	return in.finish(in.reader(src), s)
}

func (in *Interpreter) finish(r *reader, s *Struct) (*Record, error) {
	rec := r.record(s)
	if r.err == nil && r.i < len(r.src) && !s.SkipTail {
		r.fail(codec.ErrTrailing)
	}
	if r.err != nil {
		return nil, wire.Of(r.err, s.Name, in.v)
	}
	return rec, nil
}

// Append appends the payload of a message to dst. On an error it returns dst as it was.
func (in *Interpreter) Append(dst []byte, rec *Record) ([]byte, error) {
	w := writer{in: in, depth: in.p.Depth}
	if in.p.IsText(in.v) {
		w.textRecord(rec, true)
	} else {
		w.b = wire.AppendUvarint(nil, rec.Struct.ID)
		w.record(rec)
	}
	if w.err != nil {
		return dst, wire.Of(w.err, rec.Struct.Name, in.v)
	}
	return append(dst, w.b...), nil
}

// mismatch is the error about a value that is not of its kind's Go type.
func mismatch(n *Node, x any) error {
	return fmt.Errorf("schema: a %v cannot be a %T: %w", n.Kind, x, codec.ErrRange)
}
