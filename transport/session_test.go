package transport_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

func TestSendArrivesOnceInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := new(log)
		serve(t, &network, "server", &transport.Server{Handler: h})
		c := dial(t, &network, transport.Config{})
		send(t, c.Session, 1, 1000) // before there is a connection, and after
		flush(t, c.Session)
		h.want(t, 1000)
		if v := c.Version(); v != 3 {
			t.Errorf("speaks %v, want the newest, v3", v)
		}
	})
}

func TestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		c := dial(t, &network, transport.Config{})
		for i := range 10 {
			m, err := c.Call(t.Context(), &Note{N: i})
			if err != nil || m.(*Note).N != 2*i {
				t.Errorf("Call(%d) = %v, %v; want %d", i, m, err, 2*i)
			}
		}
		_, err := c.Call(t.Context(), &Note{N: -1})
		var failed *session.CallError
		if !errors.As(err, &failed) || failed.Text != "-1 is negative" {
			t.Errorf("a call whose handler failed: %v", err)
		}
	})
}
