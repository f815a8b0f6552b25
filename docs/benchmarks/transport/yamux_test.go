package transport

import (
	"io"
	"net"

	"github.com/hashicorp/yamux"
)

// yamuxPeer speaks the raw protocol on one stream of a yamux session. A buffer in front of
// the stream would hide yamux, so each message is one write.
var yamuxPeer = peer{"yamux", serveYamux(rawBuffer), dialYamux}

func yamuxConfig() *yamux.Config {
	c := yamux.DefaultConfig()
	c.LogOutput = io.Discard
	return c
}

func serveYamux(buffer int) func() (string, func(), error) {
	return func() (string, func(), error) {
		return listen(func(c net.Conn) {
			s, err := yamux.Server(c, yamuxConfig())
			if err != nil {
				c.Close()
				return
			}
			defer s.Close()
			stream, err := s.Accept()
			if err != nil {
				return
			}
			answerFrames(stream, buffer)
		})
	}
}

type yamuxConn struct {
	*rawConn
	s *yamux.Session
}

func dialYamux(addr string) (conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	s, err := yamux.Client(c, yamuxConfig())
	if err != nil {
		return nil, err
	}
	stream, err := s.Open()
	if err != nil {
		return nil, err
	}
	return &yamuxConn{newRaw(stream), s}, nil
}

func (c *yamuxConn) Send(b []byte) error {
	if err := c.rawConn.Send(b); err != nil {
		return err
	}
	return c.w.Flush()
}

func (c *yamuxConn) Close() error { return c.s.Close() }
