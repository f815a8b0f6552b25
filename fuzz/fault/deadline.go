package fault

import (
	"net"
	"os"
	"sync"
	"time"
)

// A deadline is one direction's limit as the last SetDeadline left it.
type deadline struct {
	mu      sync.Mutex
	at      time.Time     // zero: none
	changed chan struct{} // closed when at changes
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *deadline) get() (time.Time, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at, d.changed
}

const forever = time.Duration(1<<63 - 1)

// wait lets d pass. The direction's deadline and Close end it early, with the
// error that the operation then returns.
func (c *Conn) wait(op Op, d time.Duration) error {
	end := time.Now().Add(d)
	if d == forever {
		end = time.Time{}
	}
	for {
		limit, changed := c.limits[op].get()
		wake, err := end, error(nil)
		if !limit.IsZero() && (end.IsZero() || limit.Before(end)) {
			wake, err = limit, os.ErrDeadlineExceeded
		}
		var expired <-chan time.Time
		var timer *time.Timer
		if !wake.IsZero() {
			d := time.Until(wake)
			if d <= 0 { // no timer for that, see Network.travel
				return err
			}
			timer = time.NewTimer(d)
			expired = timer.C
		}
		select {
		case <-expired:
			return err
		case <-c.closed:
			err = net.ErrClosed
		case <-changed:
			err = nil
		}
		if timer != nil {
			timer.Stop()
		}
		if err != nil {
			return err
		}
	}
}

// SetDeadline sets both limits.
func (c *Conn) SetDeadline(t time.Time) error {
	c.limits[Read].set(t)
	c.limits[Write].set(t)
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline sets the limit of Reads, stalled and silent ones too.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.limits[Read].set(t)
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline sets the limit of Writes, stalled ones too.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.limits[Write].set(t)
	return c.Conn.SetWriteDeadline(t)
}
