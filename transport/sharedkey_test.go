package transport_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

// Two sides with one secret understand each other; with two, no message ever flows.
func TestSharedKey(t *testing.T) {
	tests := []struct {
		name           string
		server, client []byte
		ok             bool
	}{
		{"the same", []byte("sixteen bytes or more"), []byte("sixteen bytes or more"), true},
		{"another", []byte("sixteen bytes or more"), []byte("sixteen bytes, others"), false},
		{"the client has none", []byte("sixteen bytes or more"), nil, false},
		{"the server has none", nil, []byte("sixteen bytes or more"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network fault.Network
				h := new(log)
				serve(t, &network, "server", &transport.Server{Handler: h, SharedKey: tt.server})
				c := dial(t, &network, transport.Config{SharedKey: tt.client})
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				err := c.Send(ctx, &Note{N: 1})
				if err == nil {
					err = c.Flush(ctx)
				}
				switch violation := (&transport.Error{Kind: transport.Violation}); {
				case tt.ok && err != nil:
					t.Errorf("with one secret: %v", err)
				case !tt.ok && (err == nil || len(h.notes()) != 0):
					t.Errorf("with two secrets: %v, %d messages handled", err, len(h.notes()))
				case !tt.ok && !errors.Is(c.LastError(), violation):
					t.Errorf("the client's last error is %v, want a violation", c.LastError())
				}
			})
		})
	}
}
