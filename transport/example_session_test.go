package transport_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// nothing is a handler that is content with everything.
var nothing = transport.HandlerFunc(func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
	return nil, nil
})

// What a side offers: how often it pings, the lowest version that it still speaks, and what it can
// do besides, by names that both sides know. Sessions offer metadata and compression by themselves.
func ExampleConfig_offer() {
	srv := &transport.Server{Protocol: chat, Handler: nothing}
	srv.Session.Offer.Features = []negotiate.Feature{{Name: "history"}, {Name: "presence"}}
	addr := listen(srv)
	defer srv.Close()

	cfg := &transport.Config{Endpoints: []string{addr}, Protocol: chat}
	cfg.Session.Offer.Heartbeat.Interval = 2 * time.Minute
	cfg.Session.Offer.Min = 2
	cfg.Session.Offer.Features = []negotiate.Feature{{Name: "presence"}, {Name: "typing"}}
	client, _ := transport.Dial(cfg)
	defer client.Close()
	client.WaitReady(context.Background())
	fmt.Println(client.Version(), client.Features(), "a ping every", client.Stats().Interval)

	// A feature that is required, and a server without it:
	cfg.Session.Offer.Features[1].Required = true
	cfg.Backoff.Attempts = 1
	picky, _ := transport.Dial(cfg)
	defer picky.Close()
	<-picky.Done()
	fmt.Println(errors.Is(picky.LastError(), &transport.Error{Kind: transport.Negotiation}))
	// Output:
	// v2 [presence meta deflate] a ping every 2m0s
	// true
}

// Each message that is sent with Notify has its outcome told.
func ExampleOutcome() {
	ctx := context.Background()
	srv := &transport.Server{Protocol: chat, Handler: transport.HandlerFunc(
		func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
			if in.Message.(*Line).Text == "" {
				return nil, errors.New("nothing was said")
			}
			return nil, nil
		})}
	addr := listen(srv)
	defer srv.Close()
	outcomes := make(chan transport.Outcome, 2)
	client, _ := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat,
		OnOutcome: func(o transport.Outcome) { outcomes <- o }})
	defer client.Close()

	sent := map[uint64]string{}
	for _, text := range []string{"hello", ""} {
		id, _ := client.SendWith(ctx, &Line{Text: text}, session.SendOptions{Notify: true})
		sent[id] = text
	}
	for range sent {
		o := <-outcomes
		fmt.Printf("%q: %v, reason: %v\n", sent[o.ID], o.Outcome, o.Reason)
	}
	// Output:
	// "hello": acked, reason: none
	// "": dropped, reason: failed
}

// Both sides set TLS; the negotiation is bound to it.
func ExampleConfig_tls() {
	cert, pool, err := selfSigned("chat.example") // yours is in a file: tls.LoadX509KeyPair
	if err != nil {
		panic(err)
	}
	srv := &transport.Server{Protocol: chat, Handler: nothing,
		TLS: &tls.Config{Certificates: []tls.Certificate{cert}}}
	addr := listen(srv)
	defer srv.Close()

	client, _ := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat,
		TLS: &tls.Config{RootCAs: pool, ServerName: "chat.example"}}) // without ServerName: the endpoint's host
	defer client.Close()
	client.WaitReady(context.Background())
	fmt.Println(client.TLS().ServerName, tls.VersionName(client.TLS().Version))
	// Output: chat.example TLS 1.3
}

// A server that is to be replaced sends its clients to another one.
func ExampleServer_Shutdown() {
	ctx := context.Background()
	next := &transport.Server{Protocol: chat, Handler: transport.HandlerFunc(
		func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
			fmt.Println("the next server:", in.Message.(*Line).Text)
			return nil, nil
		})}
	nextAddr := listen(next)
	defer next.Close()
	srv := &transport.Server{Protocol: chat, Handler: nothing, Alternatives: []string{nextAddr},
		RetryAfter: -1, RetrySpread: -1} // one client need not be spread out
	addr := listen(srv)

	client, _ := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat})
	defer client.Close()
	client.WaitReady(ctx)
	fmt.Println("shut down, nothing left:", srv.Shutdown(ctx))
	client.Send(ctx, &Line{Text: "here I am"})
	client.Flush(ctx)
	// Output:
	// shut down, nothing left: <nil>
	// the next server: here I am
}

// A client that closes with a reason.
func ExampleClient_CloseWith() {
	reason := make(chan error, 1)
	srv := &transport.Server{Protocol: chat, Handler: nothing,
		OnClose: func(_ *transport.Session, err error) { reason <- err }}
	addr := listen(srv)
	defer srv.Close()
	client, _ := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat})
	client.WaitReady(context.Background())

	client.CloseWith(session.CloseLimits, "the battery is low")
	var closed *session.CloseError
	fmt.Println(errors.As(<-reason, &closed), closed.Code, closed.Text)
	// Output: true limits the battery is low
}
