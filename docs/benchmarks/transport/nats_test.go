package transport

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// natsPeer publishes to a subject; the one that answers is a second client of the server,
// in the server's process.
var natsPeer = peer{"nats", serveNATS, dialNATS}

const (
	natsSubject = "bench"
	natsPending = 1 << 30 // bytes a slow reader may lag; the default drops messages
)

func serveNATS() (string, func(), error) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true,
		MaxPayload: 4 << 20, MaxPending: natsPending})
	if err != nil {
		return "", nil, err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return "", nil, errors.New("the NATS server does not start")
	}
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		return "", nil, err
	}
	var count uint64
	sub, err := nc.Subscribe(natsSubject, func(m *nats.Msg) {
		if reply := answer(&count, m.Data); reply != nil {
			m.Respond(reply)
		}
	})
	if err != nil {
		return "", nil, err
	}
	sub.SetPendingLimits(-1, natsPending)
	return s.ClientURL(), func() { nc.Close(); s.Shutdown() }, nc.Flush()
}

type natsConn struct {
	nc    *nats.Conn
	inbox string
	sub   *nats.Subscription
}

func dialNATS(addr string) (conn, error) {
	nc, err := nats.Connect(addr)
	if err != nil {
		return nil, err
	}
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	return &natsConn{nc, inbox, sub}, nil
}

func (c *natsConn) Send(b []byte) error { return c.nc.Publish(natsSubject, b) }

func (c *natsConn) Call(b []byte) ([]byte, error) {
	if err := c.nc.PublishRequest(natsSubject, c.inbox, b); err != nil {
		return nil, err
	}
	m, err := c.sub.NextMsg(time.Minute)
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

func (c *natsConn) Close() error { c.nc.Close(); return nil }
