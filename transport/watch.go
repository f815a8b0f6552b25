package transport

import (
	"context"
	"iter"
	"sync"
)

// changes is what has happened to a client since somebody began to look: a linked list whose
// last node is empty and open. Watchers follow it at their own speed; what all have passed is
// garbage.
type changes struct {
	mu   sync.Mutex
	last *changeNode
}

type changeNode struct {
	filled chan struct{} // closed when the fields below are set
	change Change
	next   *changeNode
}

func newChangeNode() *changeNode { return &changeNode{filled: make(chan struct{})} }

// add appends c.
func (l *changes) add(c Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		return // nobody has ever looked
	}
	n := l.last
	n.change, n.next = c, newChangeNode()
	l.last = n.next
	close(n.filled)
}

// tail returns the node that the next change fills.
func (l *changes) tail() *changeNode {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = newChangeNode()
	}
	return l.last
}

// from yields the changes from n on, until Closed or the end of ctx.
func (n *changeNode) from(ctx context.Context) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		for {
			select {
			case <-n.filled:
			case <-ctx.Done():
				return
			}
			if !yield(n.change) || n.change.To == Closed {
				return
			}
			n = n.next
		}
	}
}
