package session_test

import (
	"errors"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// fragile is a codec that panics over one body.
type fragile struct{ codec.Codec }

func (f fragile) Append(dst []byte, m codec.Message) ([]byte, error) {
	if m.(*sessiontest.Msg).Body == "panic" {
		panic("cannot encode this")
	}
	return f.Codec.Append(dst, m)
}

func (f fragile) Decode(b []byte) (codec.Message, error) {
	m, err := f.Codec.Decode(b)
	if err == nil && m.(*sessiontest.Msg).Body == "poison" {
		panic("cannot decode this")
	}
	return m, err
}

// A codec that panics costs the message that it panics over.
func TestCodecThatPanics(t *testing.T) {
	protocol := *sessiontest.Protocol(false)
	protocol.Releases = append([]codec.Release(nil), protocol.Releases...)
	for i := range protocol.Releases {
		protocol.Releases[i].Codec = fragile{protocol.Releases[i].Codec}
	}
	x := newServerPeer(t, profile(t, negotiate.Server, func(c *session.Config) { c.Protocol = &protocol }))
	var panicked *session.CodecPanicError
	if _, err := x.m.Send(x.now, &sessiontest.Msg{Body: "panic"}, session.SendOptions{}); !errors.As(err, &panicked) {
		t.Errorf("Send: %v, want a CodecPanicError", err)
	}
	if id, err := x.m.Send(x.now, &sessiontest.Msg{Body: "fine"}, session.SendOptions{}); id != 1 || err != nil {
		t.Errorf("the next message: id %d, %v", id, err)
	}
	poison := data(1, "poison")
	b, _ := formatOf(2).AppendFrame(nil, poison.Append(nil, false))
	x.m.Wrote(x.now, x.gen, copy(x.m.Space(x.gen), b))
	x.pump()
	if e := x.take(session.KindNack); e.Seq != 1 {
		t.Errorf("a message that the codec panics over is answered by %+v, want a NACK of 1", e)
	}
}
