package transport

import (
	"context"
	"net"
	"time"

	"github.com/parleyproto/parley/codec"
	parley "github.com/parleyproto/parley/transport"
)

// parleyPeer is a session with everything on: sequence numbers, acknowledgements, heartbeats
// and the digest of the negotiation.
var parleyPeer = peer{"parley", serveParley, dialParley}

// payload is a message of any size; small ones take one allocation to decode.
type payload struct {
	b     []byte
	small [64]byte
}

// plainCodec puts a message's bytes on the wire as they are. Of a message that is only counted
// it decodes no more than the servers of the others look at, so that the session is measured
// and not a codec.
type plainCodec struct{}

var counted = &payload{b: []byte{opCount}}

func (plainCodec) Append(dst []byte, m codec.Message) ([]byte, error) {
	return append(dst, m.(*payload).b...), nil
}

func (plainCodec) Decode(src []byte) (codec.Message, error) {
	if src[0] == opCount {
		return counted, nil
	}
	m := new(payload)
	m.b = append(m.small[:0], src...)
	return m, nil
}

var parleyProtocol = &codec.Protocol{Name: "bench", Releases: []codec.Release{
	{Version: 1, Codec: plainCodec{}, Frozen: true},
}}

func serveParley() (string, func(), error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := &parley.Server{
		Protocol: parleyProtocol,
		OnOpen: func(s *parley.Session) error {
			s.SetValue(new(uint64))
			return nil
		},
		Handler: parley.HandlerFunc(func(_ context.Context, s *parley.Session, in parley.Incoming) (codec.Message, error) {
			m := in.Message.(*payload)
			reply := answer(s.Value().(*uint64), m.b)
			if reply == nil {
				return nil, nil
			}
			return &payload{b: reply}, nil
		}),
	}
	go s.Serve(ln)
	return ln.Addr().String(), func() { s.Close() }, nil
}

type parleyConn struct {
	c *parley.Client
	m payload // Send encodes at once, so it is used again
}

func dialParley(addr string) (conn, error) {
	c, err := parley.Dial(&parley.Config{Endpoints: []string{addr}, Protocol: parleyProtocol})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return &parleyConn{c: c}, c.WaitReady(ctx)
}

func (c *parleyConn) Send(b []byte) error {
	c.m.b = b
	return c.c.Send(context.Background(), &c.m)
}

// Call asks also for the acknowledgement of all that was sent before.
func (c *parleyConn) Call(b []byte) ([]byte, error) {
	if b[0] == opTotal {
		if err := c.c.Flush(context.Background()); err != nil {
			return nil, err
		}
	}
	c.m.b = b
	reply, err := c.c.Call(context.Background(), &c.m)
	if err != nil {
		return nil, err
	}
	return reply.(*payload).b, nil
}

func (c *parleyConn) Close() error { return c.c.Close() }
