package transport

import (
	"context"
	"time"
)

const (
	// stagger is the head start of each candidate before the next (RFC 8305, section 5).
	stagger = 250 * time.Millisecond

	// patience is how long a race whose candidates have all failed waits for further ones.
	patience = time.Second
)

// finish is how one candidate came out of a race.
type finish[T any] struct {
	v   T
	err error
}

// race tries the candidates that come from in, which is closed when there are no more: each
// when the one before has failed or 250 ms later, or as soon as it is there. It returns the
// first success; the others are cancelled, and what they still make is given to discard. It
// returns false when all have failed or ctx has ended, and never before each try has returned.
func race[C, T any](ctx context.Context, in <-chan C, try func(context.Context, C) (T, error), discard func(T)) (won T, ok bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	finishes := make(chan finish[T])
	timer := time.NewTimer(0)
	timer.Stop()
	running, turn := 0, in // turn is nil while nobody may start
	over := ctx.Done()
	for in != nil || running > 0 {
		select {
		case c, more := <-turn:
			if turn = nil; !more {
				in = nil
				break
			}
			running++
			timer.Reset(stagger)
			go func() {
				v, err := try(ctx, c)
				finishes <- finish[T]{v, err}
			}()
		case f := <-finishes:
			running--
			if f.err == nil && ok {
				discard(f.v)
			} else if f.err == nil {
				won, ok, in, turn = f.v, true, nil, nil
				cancel()
			} else if turn = in; running == 0 {
				timer.Reset(patience)
			}
		case <-timer.C:
			if turn = in; running == 0 {
				in, turn = nil, nil
			}
		case <-over:
			in, turn, over = nil, nil, nil
		}
	}
	return won, ok
}

// queue returns a channel that gives items and is closed behind them.
func queue[T any](items []T) <-chan T {
	c := make(chan T, len(items))
	for _, i := range items {
		c <- i
	}
	close(c)
	return c
}
