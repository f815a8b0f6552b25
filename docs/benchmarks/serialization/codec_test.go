package serialization

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/docs/benchmarks/serialization/msgpgen"
	"github.com/parleyproto/parley/docs/benchmarks/serialization/pb"
)

// protoCodec makes a codec of protobuf messages: a byte that numbers the message, then
// protobuf's bytes.
type protoCodec struct{}

func (protoCodec) Append(dst []byte, m codec.Message) ([]byte, error) {
	switch m := m.(type) {
	case *pb.Blob:
		out, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(append(dst, 1), m)
		if err != nil {
			return dst, &codec.EncodeError{Type: "Blob", Err: err}
		}
		return out, nil
	}
	return dst, &codec.MessageError{GoType: fmt.Sprintf("%T", m)}
}

func (protoCodec) Decode(src []byte) (codec.Message, error) {
	if len(src) == 0 || src[0] != 1 {
		return nil, &codec.DecodeError{Err: codec.ErrSyntax}
	}
	m := new(pb.Blob)
	if err := proto.Unmarshal(src[1:], m); err != nil {
		return nil, &codec.DecodeError{Type: "Blob", Offset: 1, Err: err}
	}
	return m, nil
}

// msgpCodec does the same with msgp's generated methods.
type msgpCodec struct{}

func (msgpCodec) Append(dst []byte, m codec.Message) ([]byte, error) {
	switch m := m.(type) {
	case *msgpgen.Blob:
		out, err := m.MarshalMsg(append(dst, 1))
		if err != nil {
			return dst, &codec.EncodeError{Type: "Blob", Err: err}
		}
		return out, nil
	}
	return dst, &codec.MessageError{GoType: fmt.Sprintf("%T", m)}
}

func (msgpCodec) Decode(src []byte) (codec.Message, error) {
	if len(src) == 0 || src[0] != 1 {
		return nil, &codec.DecodeError{Err: codec.ErrSyntax}
	}
	m := new(msgpgen.Blob)
	rest, err := m.UnmarshalMsg(src[1:])
	if err == nil && len(rest) > 0 {
		err = codec.ErrTrailing
	}
	if err != nil {
		return nil, &codec.DecodeError{Type: "Blob", Offset: len(src) - len(rest), Err: err}
	}
	return m, nil
}

func TestOtherSerialisersAreCodecs(t *testing.T) {
	for _, test := range []struct {
		codec codec.Codec
		m     codec.Message
		name  func(codec.Message) string
	}{
		{protoCodec{}, &pb.Blob{Name: "b", Data: []byte("x")}, func(m codec.Message) string { return m.(*pb.Blob).Name }},
		{msgpCodec{}, &msgpgen.Blob{Name: "b", Data: []byte("x")}, func(m codec.Message) string { return m.(*msgpgen.Blob).Name }},
	} {
		b, err := test.codec.Append([]byte("x"), test.m)
		if err != nil || b[0] != 'x' {
			t.Fatal(err)
		}
		m, err := test.codec.Decode(b[1:])
		if err != nil || test.name(m) != "b" {
			t.Errorf("%T: got %+v, %v", test.codec, m, err)
		}
		if _, err := test.codec.Decode(nil); err == nil {
			t.Errorf("%T: nothing decodes", test.codec)
		}
	}
}
