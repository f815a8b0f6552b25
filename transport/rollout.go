package transport

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

const (
	defaultUpgradeRate = 1000.0 // sessions a second

	// maxUpgrading is how many sessions change their version at the same time.
	maxUpgrading = 256
)

// UpgradeResult is what became of one session in an Upgrade.
type UpgradeResult struct {
	Session *Session
	From    codec.Version // what it spoke before
	Err     error         // nil: it speaks the version asked for
}

// Upgrade moves the given sessions to version v, while their messages flow; without any, all
// sessions that have a connection. It begins with UpgradeRate sessions a second, and returns
// a result for each when all are done or ctx ends. A session that speaks v already is a
// success.
func (s *Server) Upgrade(ctx context.Context, v codec.Version, some ...*Session) []UpgradeResult {
	if len(some) == 0 {
		some = s.connected()
	}
	rate := s.UpgradeRate
	if rate <= 0 {
		rate = defaultUpgradeRate
	}
	var (
		results = make([]UpgradeResult, len(some))
		gap     = time.Duration(float64(time.Second) / rate)
		slots   = make(chan struct{}, maxUpgrading)
		running sync.WaitGroup
		next    = time.Now()
	)
	for i, sess := range some {
		results[i] = UpgradeResult{Session: sess, From: sess.Version()}
		if err := pause(ctx, time.Until(next)); err != nil {
			results[i].Err = err
			continue
		}
		next = next.Add(gap)
		slots <- struct{}{}
		running.Go(func() {
			results[i].Err = sess.moveTo(ctx, v)
			<-slots
		})
	}
	running.Wait()
	return results
}

// moveTo is Upgrade for one session of many: another change that is under way at the moment
// is waited for.
func (s *Session) moveTo(ctx context.Context, v codec.Version) error {
	for {
		if s.Version() == v {
			return nil
		}
		err := s.Upgrade(ctx, v)
		if err == nil || !isBusy(err) {
			return err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// isBusy tells whether a change of version failed because of another one.
func isBusy(err error) bool {
	var r *session.RejectedError
	return errors.As(err, &r) && (r.Why == negotiate.Busy || r.Why == negotiate.Overtaken ||
		r.Why == negotiate.Rejected && r.Code == negotiate.RejectBusy)
}

// pause waits for d, or returns why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// connected returns the sessions that have a connection with envelopes.
func (s *Server) connected() []*Session {
	var out []*Session
	for _, sess := range s.all() {
		if sess.Stats().State == session.Attached && !sess.isLegacy() {
			out = append(out, sess)
		}
	}
	return out
}
