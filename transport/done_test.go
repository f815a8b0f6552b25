package transport_test

import (
	"testing"
	"testing/synctest"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

// The channel of Done is made when somebody asks for it: it is closed at the end, or from the
// beginning for who asks later, and open before.
func TestDone(t *testing.T) {
	for name, early := range map[string]bool{"asked before": true, "asked after": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network fault.Network
				var sess *transport.Session
				s := serve(t, &network, "server", &transport.Server{Handler: new(log), OnOpen: func(s *transport.Session) error {
					sess = s
					return nil
				}})
				c := dial(t, &network, transport.Config{Endpoints: []string{"server"}})
				ready(t, c)
				if early {
					select {
					case <-sess.Done():
						t.Error("Done is closed while the session goes on")
					default:
					}
				}
				s.Close()
				select {
				case <-sess.Done():
				default:
					t.Error("Done is open after the session's end")
				}
			})
		})
	}
}
