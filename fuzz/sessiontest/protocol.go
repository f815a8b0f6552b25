package sessiontest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/parleyproto/parley/codec"
)

// Msg is the only message of the protocol.
type Msg struct {
	N    uint64 // numbers the messages of one sender
	Lane uint8
	New  uint64 // only versions 2 and 3 carry it; 0: nothing to carry
	Bad  uint8  // bit v: whose Refuse is set cannot decode it in version v
	Body string // printable ASCII
}

// Fails tells whether the handler of the message fails, so that its sender learns that it was
// dropped: the body begins with '!'. A call is answered all the same.
func (m *Msg) Fails() bool { return strings.HasPrefix(m.Body, "!") }

// ErrRefused is the cause of a decoding error that [Msg.Bad] asked for.
var ErrRefused = errors.New("sessiontest: refused")

// Protocol returns the protocol. With refuse its codecs do not decode what Msg.Bad forbids.
func Protocol(refuse bool) *codec.Protocol {
	return &codec.Protocol{Name: "sessiontest", Releases: []codec.Release{
		{Version: 1, Text: true, Codec: text{refuse}},
		{Version: 2, Codec: packed{2, refuse}},
		{Version: 3, Codec: packed{3, refuse}},
	}}
}

// text is version 1: "N LANE BAD BODY".
type text struct{ refuse bool }

func (text) Append(dst []byte, m codec.Message) ([]byte, error) {
	x, ok := m.(*Msg)
	if !ok {
		return dst, &codec.MessageError{Version: 1, GoType: fmt.Sprintf("%T", m)}
	}
	if x.New != 0 {
		return dst, &codec.LossError{Type: "Msg", Path: "New", Version: 1, Carriers: "v2+"}
	}
	return fmt.Appendf(dst, "%d %d %d %s", x.N, x.Lane, x.Bad, x.Body), nil
}

func (c text) Decode(src []byte) (codec.Message, error) {
	f := strings.SplitN(string(src), " ", 4)
	if len(f) < 4 {
		return nil, &codec.DecodeError{Type: "Msg", Version: 1, Err: codec.ErrSyntax}
	}
	n, err1 := strconv.ParseUint(f[0], 10, 64)
	lane, err2 := strconv.ParseUint(f[1], 10, 8)
	bad, err3 := strconv.ParseUint(f[2], 10, 8)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, &codec.DecodeError{Type: "Msg", Version: 1, Err: err}
	}
	return check(&Msg{N: n, Lane: uint8(lane), Bad: uint8(bad), Body: f[3]}, 1, c.refuse)
}

// packed is versions 2 and 3: two bytes, two numbers, the body. Version 3 has them in another
// order.
type packed struct {
	v      codec.Version
	refuse bool
}

func (c packed) Append(dst []byte, m codec.Message) ([]byte, error) {
	x, ok := m.(*Msg)
	if !ok {
		return dst, &codec.MessageError{Version: c.v, GoType: fmt.Sprintf("%T", m)}
	}
	dst = append(dst, x.Lane, x.Bad)
	a, b := x.N, x.New
	if c.v == 3 {
		a, b = b, a
	}
	dst = binary.BigEndian.AppendUint64(dst, a)
	dst = binary.BigEndian.AppendUint64(dst, b)
	return append(dst, x.Body...), nil
}

func (c packed) Decode(src []byte) (codec.Message, error) {
	if len(src) < 18 {
		return nil, &codec.DecodeError{Type: "Msg", Version: c.v, Offset: len(src), Err: codec.ErrSyntax}
	}
	a, b := binary.BigEndian.Uint64(src[2:]), binary.BigEndian.Uint64(src[10:])
	if c.v == 3 {
		a, b = b, a
	}
	return check(&Msg{N: a, New: b, Lane: src[0], Bad: src[1], Body: string(src[18:])}, c.v, c.refuse)
}

func check(m *Msg, v codec.Version, refuse bool) (codec.Message, error) {
	if refuse && m.Bad&(1<<v) != 0 {
		return nil, &codec.DecodeError{Type: "Msg", Version: v, Err: ErrRefused}
	}
	return m, nil
}
