package transport

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// legal are the states that may follow each state. Draining stays until Closed, whatever the
// connection does.
var legal = [states][]State{
	Idle:       {Connecting, Draining, Closed},
	Connecting: {Attaching, Waiting, Draining, Closed},
	Attaching:  {Ready, Waiting, Draining, Closed},
	Ready:      {Waiting, Draining, Closed},
	Waiting:    {Connecting, Draining, Closed},
	Draining:   {Closed},
}

// setState is the one place where the state changes. Steps that are not legal are left out:
// they come from a connection that is not the present one any more, or while draining.
func (c *Client) setState(change Change) {
	st := &c.state
	st.Lock()
	if !st.now.allows(change.To) {
		st.Unlock()
		return
	}
	change.From, change.At = st.now, time.Now()
	if change.To == Ready {
		close(st.ready)
	} else if change.From == Ready {
		st.ready = make(chan struct{})
	}
	if change.Err != nil {
		st.last = change.Err
	}
	st.now = change.To
	c.changes.add(change)
	st.change = append(st.change, func() { c.tell(change) })
	if st.calling {
		st.Unlock()
		return
	}
	st.calling = true
	for len(st.change) > 0 {
		all := st.change
		st.change = nil
		st.Unlock()
		for _, f := range all {
			f()
		}
		st.Lock()
	}
	st.calling = false
	st.Unlock()
}

func (s State) allows(next State) bool {
	for _, l := range legal[s] {
		if l == next {
			return true
		}
	}
	return false
}

// tell tells the subscriber and the log.
func (c *Client) tell(change Change) {
	level := slog.LevelInfo
	if change.Err != nil && change.To != Closed {
		level = slog.LevelWarn
	}
	c.log.Log(context.Background(), level, "transport: "+change.To.String(), "change", change)
	if c.cfg.OnChange != nil {
		c.cfg.OnChange(change)
	}
}

// What follows are the events of the session; they come in order, without its lock.

func (c *Client) attached(_ *Session, l *link, resumed bool) {
	select {
	case <-l.over: // told late: it is not the present one any more
		return
	default:
	}
	c.setState(Change{To: Ready, Endpoint: l.endpoint, Resumed: resumed})
}

func (c *Client) detached(*Session, *link) {}

func (c *Client) end(*Session, error) { c.stop() }

func endpointOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Endpoint
	}
	return ""
}
