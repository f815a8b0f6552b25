package transport_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

var someMetadata = session.Metadata{{Key: "traceparent", Value: "00-a-b-01"}, {Key: "note", Value: "x, y\n"}}

// Metadata reaches the handler, the caller, and the loop over Incoming.
func TestMetadata(t *testing.T) {
	for _, v := range []codec.Version{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			var network fault.Network
			pushed := make(chan error, 1)
			serve(t, &network, "server", &transport.Server{Protocol: only(v), Handler: transport.HandlerFunc(
				func(ctx context.Context, s *transport.Session, in transport.Incoming) (codec.Message, error) {
					if !slices.Equal(in.Metadata, someMetadata) {
						t.Errorf("version %v: the handler got %q", v, in.Metadata)
					}
					if !in.Call {
						_, err := s.SendWith(ctx, &Note{N: 5}, session.SendOptions{Metadata: in.Metadata})
						pushed <- err
					}
					reply := transport.Reply{Message: &Note{N: 2}, Options: session.SendOptions{Metadata: session.Metadata{{Key: "took", Value: "1ms"}}}}
					if in.Message.(*Note).N == 2 {
						return &reply, nil
					}
					return reply, nil
				})})
			c := dial(t, &network, transport.Config{Protocol: only(v)})
			with := session.SendOptions{Metadata: someMetadata}
			for n := 1; n <= 2; n++ {
				reply, err := c.CallWith(t.Context(), &Note{N: n}, with)
				if err != nil || reply.Message.(*Note).N != 2 || reply.Metadata.Get("took") != "1ms" {
					t.Errorf("version %v: %+v, %v", v, reply, err)
				}
			}
			if _, err := c.SendWith(t.Context(), &Note{N: 1}, with); err != nil {
				t.Fatal(err)
			}
			if err := <-pushed; err != nil {
				t.Fatal(err)
			}
			for in, err := range c.Incoming(t.Context()) {
				if err != nil || in.Seq == 0 || in.Message.(*Note).N != 5 || !slices.Equal(in.Metadata, someMetadata) {
					t.Errorf("version %v: Incoming yields %+v, %v", v, in, err)
				}
				break
			}
		})
	}
}

type requestKey struct{}

// request carries a value of a context, as tracing does.
func inject(ctx context.Context) session.Metadata {
	if id, ok := ctx.Value(requestKey{}).(string); ok {
		return session.Metadata{{Key: "request", Value: id}}
	}
	return nil
}

func extract(ctx context.Context, md session.Metadata) context.Context {
	return context.WithValue(ctx, requestKey{}, md.Get("request"))
}

// What Inject takes out of a context is in the context of the handler, and of the calls that this
// one makes; a Flush there is still known to be in a handler.
func TestContextIsPropagated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		got := make(chan any, 2)
		serve(t, &network, "server", &transport.Server{Inject: inject, Extract: extract, Handler: transport.HandlerFunc(
			func(ctx context.Context, s *transport.Session, in transport.Incoming) (codec.Message, error) {
				got <- ctx.Value(requestKey{})
				if s.Flush(ctx) == nil {
					t.Error("Flush in a handler is no error")
				}
				return s.Call(ctx, &Note{N: 1})
			})})
		c := dial(t, &network, transport.Config{Inject: inject, Extract: extract, Handler: transport.HandlerFunc(
			func(ctx context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
				got <- ctx.Value(requestKey{})
				return in.Message, nil
			})})
		for _, want := range []any{"r1", nil} {
			ctx := t.Context()
			if want != nil {
				ctx = context.WithValue(ctx, requestKey{}, want)
			}
			reply, err := c.CallWith(ctx, &Note{}, session.SendOptions{Metadata: session.Metadata{{Key: "k"}}})
			if err != nil || reply.Message.(*Note).N != 1 {
				t.Fatalf("%+v, %v", reply, err)
			}
			there, back := <-got, <-got
			if want == nil {
				want = "" // extract's, of a message with other metadata
			}
			if there != want || back != want {
				t.Errorf("the handlers' contexts have %v and %v, want %v", there, back, want)
			}
		}
	})
}

// A peer without metadata gets messages that were not given any, whatever Inject says, and no
// others; nor does a legacy peer.
func TestMetadataToPeersWithout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		old := serve(t, &network, "server", &transport.Server{Session: session.Config{Without: []string{session.FeatureMetadata}},
			Handler: transport.HandlerFunc(func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
				if in.Metadata != nil {
					t.Errorf("the server got %q", in.Metadata)
				}
				return transport.Reply{Message: &Note{}, Options: session.SendOptions{Metadata: someMetadata}}, nil
			})})
		c := dial(t, &network, transport.Config{Inject: func(context.Context) session.Metadata { return someMetadata }})
		ready(t, c)
		var missing *session.FeatureError
		_, err := c.CallWith(t.Context(), &Note{}, session.SendOptions{Metadata: someMetadata})
		if !errors.As(err, &missing) {
			t.Errorf("CallWith metadata: %v, want a *FeatureError", err)
		}
		var failed *session.CallError
		if _, err := c.Call(t.Context(), &Note{}); !errors.As(err, &failed) {
			t.Errorf("a reply with metadata: %v, want a *CallError", err)
		}
		if a := old.Sessions(); len(a) != 1 {
			t.Errorf("%d sessions", len(a))
		}
	})
}

func TestMetadataToLegacyPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		errs := make(chan error, 2)
		serve(t, &network, "server", &transport.Server{Protocol: only(1), Session: session.Config{Recognizer: negotiate.RecognizeLines(1)},
			Handler: transport.HandlerFunc(func(ctx context.Context, s *transport.Session, in transport.Incoming) (codec.Message, error) {
				_, err := s.SendWith(ctx, in.Message, session.SendOptions{Metadata: someMetadata})
				errs <- err
				_, err = s.SendWith(ctx, in.Message, session.SendOptions{Metadata: someMetadata, MetadataOptional: true})
				errs <- err
				return nil, nil
			})})
		conn, err := network.Dial(t.Context(), "server")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.Write([]byte(`{"type":"note","n":1}` + "\n"))
		var missing *session.FeatureError
		if err := <-errs; !errors.As(err, &missing) {
			t.Errorf("metadata to a legacy peer: %v, want a *FeatureError", err)
		}
		if err := <-errs; err != nil {
			t.Errorf("optional metadata to a legacy peer: %v", err)
		}
	})
}
