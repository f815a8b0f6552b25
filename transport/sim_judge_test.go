package transport_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// judge follows each message from Send to its outcome, and notes every promise that is broken.
type judge struct {
	gentle bool // nothing happens that may leave an outcome unknown
	again  bool // what a lost session left is sent again, and said to be perhaps a duplicate
	began  time.Time

	overflows bool // a full queue gives up its oldest messages
	oversized bool // some messages are larger than a peer accepts

	mu      sync.Mutex
	lines   []string // the story
	broken  []string
	parcels map[label]*fate
	tickets map[ticket]*fate
	early   map[ticket]transport.Outcome // told before the sender knew its number
	last    map[road]int
}

// label names a message for good: its sender and the sender's number.
type label struct {
	from string
	n    int
}

// ticket is how an outcome names a message.
type ticket struct {
	s  *transport.Session
	id uint64
}

// road is what keeps its order: one sender's lane, into one session.
type road struct {
	from string
	lane session.Lane
	to   *transport.Session
}

// fate is what is known of a message.
type fate struct {
	label
	accepted bool
	call     bool
	handled  int
	dups     int  // of these, how often as a duplicate that was announced
	fails    bool // its handler does
	outcome  session.Outcome
	reason   session.Reason
	told     int // how often the outcome was told
}

func newJudge(gentle bool) judge {
	return judge{gentle: gentle, began: time.Now(), parcels: map[label]*fate{}, tickets: map[ticket]*fate{},
		early: map[ticket]transport.Outcome{}, last: map[road]int{}}
}

// tell adds to the story.
func (j *judge) tell(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf("%12.3fs  ", time.Since(j.began).Seconds())+fmt.Sprintf(format, args...))
}

// accuse notes a broken promise.
func (j *judge) accuse(format string, args ...any) {
	j.tell("BROKEN "+format, args...)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.broken = append(j.broken, fmt.Sprintf(format, args...))
}

func (j *judge) story() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

// fate returns the fate of a message. It is called with the lock.
func (j *judge) fate(l label) *fate {
	f := j.parcels[l]
	if f == nil {
		f = &fate{label: l}
		j.parcels[l] = f
	}
	return f
}

// sent notes that s accepted a message, and called it id.
func (j *judge) sent(l label, s *transport.Session, id uint64) {
	j.mu.Lock()
	f := j.fate(l)
	f.accepted = true
	t := ticket{s, id}
	j.tickets[t] = f
	o, early := j.early[t]
	j.mu.Unlock()
	if early {
		j.told(o)
	}
}

// arrived notes that a handler got a message.
func (j *judge) arrived(p *parcel, to *transport.Session, in transport.Incoming) {
	j.mu.Lock()
	f := j.fate(label{p.From, p.N})
	f.handled++
	if j.again && in.Dup {
		f.dups++
	}
	f.fails = p.Do != ""
	r := road{p.From, p.Lane, to}
	before := j.last[r]
	j.last[r] = p.N
	handled, dups, outcome := f.handled, f.dups, f.outcome
	j.mu.Unlock()
	if handled-dups > 1 {
		j.accuse("duplicated: %s %d was handled %d times (dup=%v)", p.From, p.N, handled, in.Dup)
	} else if p.N <= before {
		j.accuse("reordered: %s %d came after %d", p.From, p.N, before)
	}
	if want := note(p); !slices.Equal(in.Metadata, want) {
		j.accuse("%s %d came with the metadata %q, sent was %q", p.From, p.N, in.Metadata, want)
	}
	// What was sent again may be acknowledged before a server that lost its client gets to it.
	if dups == 0 && (outcome == session.Acked || outcome == session.Dropped) {
		j.accuse("%s %d is handled after its sender was told: %v", p.From, p.N, outcome)
	}
}

// told notes an outcome.
func (j *judge) told(o transport.Outcome) {
	j.mu.Lock()
	t := ticket{o.Session, o.ID}
	f := j.tickets[t]
	if f == nil {
		j.early[t] = o // or it is a call's, whose number nobody knows
		j.mu.Unlock()
		return
	}
	f.told++
	f.outcome, f.reason = o.Outcome, o.Reason
	now := *f
	j.mu.Unlock()
	if now.told > 1 {
		j.accuse("%s %d has %d outcomes, the last is %v", now.from, now.n, now.told, o.Outcome)
	}
	j.consistent(now)
}

// consistent checks an outcome against what happened so far.
func (j *judge) consistent(f fate) {
	switch f.outcome {
	case session.Acked:
		if f.handled == 0 || f.handled-f.dups > 1 {
			j.accuse("lost: %s %d was acknowledged and handled %d times", f.from, f.n, f.handled)
		}
		if f.fails {
			j.accuse("%s %d was acknowledged, but its handler failed", f.from, f.n)
		}
	case session.Dropped:
		if f.reason == session.Failed {
			if f.handled == 0 || f.handled-f.dups > 1 || !f.fails {
				j.accuse("%s %d was dropped (failed), but handled %d times (fails=%v)", f.from, f.n, f.handled, f.fails)
			}
			return
		}
		if f.handled != 0 {
			j.accuse("%s %d was dropped (%v), but handled", f.from, f.n, f.reason)
		}
		if j.gentle && !j.mayDrop(f.reason) {
			j.accuse("%s %d was dropped: %v", f.from, f.n, f.reason)
		}
	case session.Unknown:
		if j.gentle {
			j.accuse("%s %d has an unknown outcome, but no session was lost", f.from, f.n)
		}
	}
}

// parted notes how a Shutdown ended, after which so many messages of that side had no good outcome.
func (j *judge) parted(who string, err error, lost int) {
	var left *transport.ShutdownError
	switch {
	case err == nil && lost > 0:
		j.accuse("%s has shut down and says that nothing was left, but lost %d messages", who, lost)
	case err == nil:
	case !errors.As(err, &left):
		j.accuse("%s has shut down with %v, which does not say what was left", who, err)
	case left.Unsettled != lost:
		j.accuse("%s has shut down and left %d messages, but lost %d", who, left.Unsettled, lost)
	}
}

// mayDrop tells whether a message may be given up for a reason where no session is lost.
func (j *judge) mayDrop(r session.Reason) bool {
	return r == session.Expired || r == session.Overflowed && j.overflows || r == session.TooLarge && j.oversized
}

// answered notes how a call ended.
func (j *judge) answered(l label, err string, executed, mayBe bool) {
	j.mu.Lock()
	f := j.fate(l)
	f.call, f.accepted = true, mayBe
	handled := f.handled
	j.mu.Unlock()
	switch {
	case executed && handled != 1:
		j.accuse("call %s %d: %s, but it was handled %d times", l.from, l.n, err, handled)
	case !mayBe && handled > 0:
		j.accuse("call %s %d: %s, but it was handled", l.from, l.n, err)
	}
}

// countOutcomes adds how often each outcome, or reason of one, was told.
func (j *judge) countOutcomes(sum map[string]int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, f := range j.parcels {
		switch {
		case f.told > 0 && f.outcome == session.Dropped:
			sum[f.reason.String()]++
		case f.told > 0:
			sum[f.outcome.String()]++
		}
	}
}

// verdict returns all broken promises, once nothing more happens.
func (j *judge) verdict() []string {
	j.mu.Lock()
	all := make([]fate, 0, len(j.parcels))
	for _, f := range j.parcels {
		all = append(all, *f)
	}
	j.mu.Unlock()
	for _, f := range all {
		switch {
		case !f.accepted && f.handled > 0:
			j.accuse("%s %d was refused, but handled", f.from, f.n)
		case f.accepted && !f.call && f.told != 1:
			j.accuse("%s %d has %d outcomes; it was handled %d times", f.from, f.n, f.told, f.handled)
		default:
			j.consistent(f)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.broken[:min(len(j.broken), 20)]
}
