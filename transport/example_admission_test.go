package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// A server that decides by address. By identity it is the same, with Session.Identity.
func ExampleServer_refuse() {
	inside := netip.MustParsePrefix("10.0.0.0/8")
	srv := &transport.Server{
		Protocol: chat,
		Handler: transport.HandlerFunc(func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			return nil, nil
		}),
		OnOpen: func(s *transport.Session) error {
			if host, err := netip.ParseAddrPort(s.RemoteAddr().String()); err != nil || !inside.Contains(host.Addr()) {
				return errors.New("this service is for the plant's network only")
			}
			return nil
		},
	}
	addr := listen(srv)
	defer srv.Close()
	client, _ := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat})
	<-client.Done()
	var closed *session.CloseError
	fmt.Println(errors.As(client.Err(), &closed), closed.Code, closed.Text)
	// Output: true handler this service is for the plant's network only
}
