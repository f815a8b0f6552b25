package transport

import (
	"fmt"
	"log/slog"
	"time"
)

// State is what a [Client] is doing.
//
//	Idle ─▶ Connecting ─▶ Attaching ─▶ Ready      Draining ─▶ Closed
//	            ▲   │          │         │
//	            │   ▼          ▼         ▼        every state but Closed may go to Closed,
//	            └── Waiting ◀────────────┘        and each of the others to Draining
type State int

const (
	// Idle has not begun. Left for Connecting by Dial.
	Idle State = iota

	// Connecting dials the endpoints and greets. Left for Attaching when one of them
	// answered, for Waiting when all failed, or by Reconnect, which begins anew.
	Connecting

	// Attaching has the server's answer and waits for the session to be attached. Left
	// for Ready by the server's ATTACHED, for Waiting when the connection fails, or by
	// Reconnect.
	Attaching

	// Ready moves messages. Left for Waiting when the connection fails, when the server goes
	// away and all is acknowledged, or when it ends the session and a new one begins.
	Ready

	// Waiting lets a backoff pass. Left for Connecting when it is over, or by Reconnect.
	Waiting

	// Draining, begun by Shutdown in any other state but Closed, waits until what was sent is
	// acknowledged; it connects for that, if it must, without a change of state. Left for Closed when all is, or Shutdown's context ends.
	Draining

	// Closed is final. The reason is the client's Err.
	Closed

	states
)

var stateNames = [states]string{"idle", "connecting", "attaching", "ready", "waiting", "draining", "closed"}

// String returns the state's name in lower case.
func (s State) String() string {
	if s < 0 || s >= states {
		return fmt.Sprintf("state(%d)", int(s))
	}
	return stateNames[s]
}

// Change is one step of a client from state to state.
type Change struct {
	From, To State
	At       time.Time
	Endpoint string        // the address that it is about, if any
	Err      error         // why, when something failed
	Wait     time.Duration // when To is Waiting: how long; 0 after Reconnect

	// Resumed tells, when To is Ready, a session that goes on from one that is new: the
	// first, or the one after the server had lost or ended it. What the server knew by the
	// session (a login, subscriptions) is to be said again then.
	Resumed bool
}

// LogValue groups the change's fields for slog.
func (c Change) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("from", c.From.String()), slog.String("to", c.To.String())}
	if c.Endpoint != "" {
		attrs = append(attrs, slog.String("endpoint", c.Endpoint))
	}
	if c.Err != nil {
		attrs = append(attrs, slog.String("err", c.Err.Error()))
	}
	if c.To == Ready {
		attrs = append(attrs, slog.Bool("resumed", c.Resumed))
	}
	if c.To == Waiting {
		attrs = append(attrs, slog.Duration("wait", c.Wait))
	}
	return slog.GroupValue(attrs...)
}
