package transport

import (
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// waiters are the goroutines that wait for something of a session. Guarded by its lock.
type waiters struct {
	calls    map[uint64]*waitingCall // by the id of the call
	idle     []*waitingCall
	serial   int          // calls, one after the other, since the owner of the reading role last met a message; up to lendAfter
	woken    *waitingCall // finished, and to be woken when the lock is free, or it would wait for that
	flushes  map[uint64]chan struct{}
	upgrades map[*waitingUpgrade]struct{}
	room     chan struct{} // closed when the queue has room; nil: nobody waits
	rest     chan struct{} // closed when no handler runs; nil: nobody waits
	arrived  chan struct{} // has a token when messages wait; nil: nobody has asked
}

// waitingCall is a call without a reply.
type waitingCall struct {
	done  chan struct{} // gets a token when reply or err is set
	reply Incoming
	err   error
	over  bool // reply or err is set
	acked bool // the peer has it: if the session is lost, nothing more will be heard
}

// finish ends the wait of call n, if anybody waits.
func (w *waiters) finish(n uint64, reply Incoming, err error) {
	c := w.calls[n]
	if c == nil {
		return
	}
	delete(w.calls, n)
	c.reply, c.err, c.over = reply, err, true
	w.wake()
	w.woken = c
}

// wake wakes the call that was finished last.
func (w *waiters) wake() {
	if c := w.woken; c != nil {
		w.woken = nil
		c.done <- struct{}{}
	}
}

// call adds a wait for call n.
func (w *waiters) call(n uint64) *waitingCall {
	var c *waitingCall
	if k := len(w.idle); k > 0 {
		c, w.idle = w.idle[k-1], w.idle[:k-1]
	} else {
		c = &waitingCall{done: make(chan struct{}, 1)}
	}
	if len(w.calls) > 0 {
		w.serial = 0
	} else {
		w.serial = min(w.serial+1, lendAfter)
	}
	if w.calls == nil {
		w.calls = map[uint64]*waitingCall{}
	}
	w.calls[n] = c
	return c
}

// maxIdle is how many waits a session keeps for its next calls. They are not shared between
// sessions, because a channel must not leave its testing/synctest bubble.
const maxIdle = 4

// release gives c back. Nobody else may know it any more, and done has no token and gets none.
func (w *waiters) release(c *waitingCall) {
	*c = waitingCall{done: c.done}
	if len(w.idle) < maxIdle {
		w.idle = append(w.idle, c)
	}
}

// lost ends the calls whose reply will not come because the session was lost.
func (w *waiters) lost() {
	for n, c := range w.calls {
		if c.acked {
			w.finish(n, Incoming{}, ErrUnknownOutcome)
		}
	}
}

// waitingUpgrade is an Upgrade that was begun.
type waitingUpgrade struct {
	version codec.Version
	done    chan error // has room for the result
}

// await adds a wait for a change of version.
func (w *waiters) await(u *waitingUpgrade) {
	if w.upgrades == nil {
		w.upgrades = map[*waitingUpgrade]struct{}{}
	}
	w.upgrades[u] = struct{}{}
}

// upgraded ends the waits for a change of version.
func (w *waiters) upgraded(v codec.Version, err error) {
	for u := range w.upgrades {
		if u.version == v {
			delete(w.upgrades, u)
			u.done <- err
		}
	}
}

// flushed ends the wait of a Flush.
func (w *waiters) flushed(id uint64) {
	if c, ok := w.flushes[id]; ok {
		delete(w.flushes, id)
		close(c)
	}
}

// roomy wakes who waits for room in the queue.
func (w *waiters) roomy() {
	if w.room != nil {
		close(w.room)
		w.room = nil
	}
}

// roomLater returns a channel that is closed when there is room.
func (w *waiters) roomLater() <-chan struct{} {
	if w.room == nil {
		w.room = make(chan struct{})
	}
	return w.room
}

// rested wakes who waits for the end of the handlers.
func (w *waiters) rested() {
	if w.rest != nil {
		close(w.rest)
		w.rest = nil
	}
}

// restLater returns a channel that is closed when no handler runs.
func (w *waiters) restLater() <-chan struct{} {
	if w.rest == nil {
		w.rest = make(chan struct{})
	}
	return w.rest
}

// arrivedLater returns a channel that gets a token when a message arrives.
func (w *waiters) arrivedLater() chan struct{} {
	if w.arrived == nil {
		w.arrived = make(chan struct{}, 1)
	}
	return w.arrived
}

// poke tells that a message arrived.
func (w *waiters) poke() {
	if w.arrived != nil {
		select {
		case w.arrived <- struct{}{}:
		default:
		}
	}
}

// end ends all waits; the session is closed.
func (w *waiters) end(err error) {
	for n := range w.calls {
		w.finish(n, Incoming{}, ErrUnknownOutcome)
	}
	for u := range w.upgrades {
		u.done <- err
	}
	w.upgrades = nil
	w.roomy()
	w.poke()
}

// trim gives the memory back that was kept for the next waits.
func (w *waiters) trim() {
	w.idle = nil
	if len(w.calls) == 0 {
		w.calls = nil
	}
	if len(w.flushes) == 0 {
		w.flushes = nil
	}
	if len(w.upgrades) == 0 {
		w.upgrades = nil
	}
}

// DroppedError says that a message was given up: the peer did not and will not handle it. With the
// reason [session.Failed] its handler got it, and panicked or returned an error.
type DroppedError struct {
	Reason session.Reason
	Err    error // the cause, if there is one
}

func (e *DroppedError) Error() string {
	s := "transport: the message was dropped: " + e.Reason.String()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *DroppedError) Unwrap() error { return e.Err }
