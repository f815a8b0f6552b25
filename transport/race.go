package transport

import (
	"context"
	"errors"
	"time"
)

// stagger is the head start of each candidate before the next (RFC 8305, section 5).
const stagger = 250 * time.Millisecond

// race tries candidates 0 to n-1, the next one when the one before failed or 250 ms later. It
// returns the first success; the others are cancelled, and what they still make is given
// to discard. When all fail it returns all errors joined, and it never returns before every
// try that it started has ended or was told to.
func race[T any](ctx context.Context, n int, try func(context.Context, int) (T, error), discard func(T)) (T, int, error) {
	type result struct {
		i   int
		v   T
		err error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan result)
	start := func(i int) {
		go func() {
			v, err := try(ctx, i)
			results <- result{i, v, err}
		}()
	}
	timer := time.NewTimer(stagger)
	defer timer.Stop()

	var errs []error
	started, ended, winner := 0, 0, -1
	var won T
	next := func() {
		if started < n && winner < 0 && ctx.Err() == nil {
			start(started)
			started++
			timer.Reset(stagger)
		}
	}
	next()
	for ended < started {
		select {
		case <-timer.C:
			next()
		case r := <-results:
			ended++
			switch {
			case r.err != nil:
				errs = append(errs, r.err)
				next()
			case winner >= 0:
				discard(r.v)
			default:
				won, winner = r.v, r.i
				cancel()
			}
		}
	}
	if winner >= 0 {
		return won, winner, nil
	}
	if len(errs) == 0 {
		errs = append(errs, context.Cause(ctx))
	}
	return won, -1, errors.Join(errs...)
}
