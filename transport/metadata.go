package transport

import (
	"context"
	"slices"

	"github.com/parleyproto/parley/transport/session"
)

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
