package transport

import (
	"context"
	"slices"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// Reply is a [Handler]'s reply with metadata. It is not a message itself: the peer gets Message
// and, as [Session.CallWith] returns it, Metadata. To a peer that has not agreed to metadata, a
// reply with some is an error that it is told, unless MetadataOptional is set.
type Reply struct {
	Message          codec.Message
	Metadata         session.Metadata
	MetadataOptional bool
}

// unwrap returns what a handler wants to be sent.
func unwrap(reply codec.Message) (codec.Message, session.SendOptions) {
	switch r := reply.(type) {
	case Reply:
		return r.Message, session.SendOptions{Metadata: r.Metadata, MetadataOptional: r.MetadataOptional}
	case *Reply:
		if r != nil {
			return unwrap(*r)
		}
		return nil, session.SendOptions{}
	}
	return reply, session.SendOptions{}
}

// incoming returns what is told of a message or a reply.
func incoming(ev *session.Event) Incoming {
	return Incoming{Message: ev.Message, Metadata: ev.Metadata(), Seq: ev.Seq, Size: ev.Size, Dup: ev.Dup, Call: ev.Kind == session.EventMessage && ev.Call != 0}
}

// hooks carry values of contexts from one side to the other.
type hooks struct {
	inject  func(context.Context) session.Metadata
	extract func(context.Context, session.Metadata) context.Context
}

func newHooks(inject func(context.Context) session.Metadata, extract func(context.Context, session.Metadata) context.Context) *hooks {
	if inject == nil && extract == nil {
		return nil
	}
	return &hooks{inject, extract}
}

// inform adds what ctx has to tell to the metadata of a message.
func (h *hooks) inform(ctx context.Context, o *session.SendOptions) {
	if h.inject == nil {
		return
	}
	md := h.inject(ctx)
	switch {
	case len(md) == 0:
	case len(o.Metadata) == 0:
		o.Metadata, o.MetadataOptional = md, true
	default:
		o.Metadata = slices.Concat(o.Metadata, md)
	}
}

// open puts what came with a message into the context of its handler.
func (h *hooks) open(ctx context.Context, md session.Metadata) context.Context {
	if h.extract == nil || len(md) == 0 {
		return ctx
	}
	return h.extract(ctx, md)
}
