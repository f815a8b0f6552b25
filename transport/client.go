package transport

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// Client is a session that connects by itself, and again after each failure, for as long as
// it takes. Make one with [Dial]; it must be closed. All methods are safe for concurrent use.
//
// When the server has lost the session, or has ended it for a reason that is not the client's
// (see [session.Config].Renew), a new one begins in the same Client: ID changes; what was written
// and not acknowledged is unknown, what was not written yet goes along, calls that the server has
// taken return [ErrUnknownOutcome]. Value, Flush, Messages and the handlers' context go on. A
// [Change] to Ready whose Resumed is false tells of it.
//
// Client has the methods of its Session, but for Close, which also stops the client; to close with a
// reason use [Client.CloseWith]. The field Session must not be assigned.
type Client struct {
	*Session

	cfg     *Config
	changes changes
	pace    pace
	conns   *connector
	stop    context.CancelFunc
	stopped chan struct{}  // the run loop has ended
	links   sync.WaitGroup // connections that are not closed

	state struct {
		sync.Mutex
		now     State
		last    error         // why the last connection or attempt failed
		ready   chan struct{} // closed while Ready
		change  []func()      // to be called in order
		calling bool
		kick    context.CancelCauseFunc // ends the round
	}
}

// Dial makes a client and returns at once; it connects in the background, and messages may be
// sent meanwhile. An error says what is wrong with the configuration.
func Dial(cfg *Config) (*Client, error) {
	checked, err := cfg.check()
	if err != nil {
		return nil, err
	}
	var (
		profile *session.Profile // nil: the server is no Parley peer
		m       machine
	)
	if checked.Plain != nil {
		m = newPlainClient(checked)
	} else {
		if profile, err = session.NewProfile(negotiate.Client, checked.Session); err != nil {
			return nil, err
		}
		m = profile.New(time.Now())
	}
	c := &Client{cfg: checked, conns: newConnector(checked, profile), stopped: make(chan struct{})}
	c.pace = pace{Backoff: checked.Backoff, rand: checked.Rand}
	c.state.ready = make(chan struct{})
	c.Session = &Session{m: m, shared: &shared{owner: c, rests: new(negotiate.Backoff), handler: checked.Handler, overflow: checked.Session.Overflow,
		onOutcome: checked.OnOutcome, log: checked.Log, hooks: newHooks(checked.Inject, checked.Extract)}}
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	go c.run(ctx)
	return c, nil
}

// run connects, again and again, until the session ends.
func (c *Client) run(ctx context.Context) {
	defer close(c.stopped)
	defer c.conns.resolver.close()
	defer c.stop()
	for c.round(ctx) {
	}
	<-c.Session.Done()
	c.setState(Change{To: Closed, Err: c.Session.Err()})
}

// round connects once, stays for as long as the connection does, and lets the wait after it
// pass. It tells whether to connect again.
func (c *Client) round(ctx context.Context) bool {
	round, stop := c.interruptible(ctx)
	defer stop(nil)
	c.setState(Change{To: Connecting})
	err := c.once(round)
	if c.Session.Err() != nil || ctx.Err() != nil {
		return false
	}
	if err == errInterrupted {
		c.setState(Change{To: Waiting})
	} else {
		now := time.Now()
		wait, again := c.pace.fail(now, c.conns.endpoints.rest(now))
		var typed *Error
		if errors.As(err, &typed) && !c.cfg.Retry(typed) {
			again = false
		}
		if !again {
			c.giveUp(err)
			return false
		}
		c.setState(Change{To: Waiting, Err: err, Endpoint: endpointOf(err), Wait: wait})
		c.wait(round, wait)
	}
	if interrupted(round) {
		c.pace.kick()
		c.conns.kick()
	}
	return true
}

// once makes a connection and returns why it is over. Until the session is attached it can be
// interrupted.
func (c *Client) once(round context.Context) error {
	o, err := c.conns.connect(round)
	switch {
	case err == nil:
	case interrupted(round):
		return errInterrupted
	default:
		return err
	}
	c.setState(Change{To: Attaching, Endpoint: o.endpoint})
	l := newLink(o.conn, &c.links, nil)
	l.endpoint, l.over, l.readyAt = o.endpoint, make(chan struct{}), new(time.Time)
	l.plain = c.cfg.Plain != nil
	if err := c.attach(l, o.opening); err != nil {
		l.hangUp()
		return err
	}
	read := make(chan struct{})
	go func() {
		c.begin(l, 0)
		close(read)
	}()
	select {
	case <-l.over:
	case <-round.Done():
		if interrupted(round) {
			c.abandon(l)
		}
		<-l.over
	}
	if l.plain { // its reader may be in a handler: nothing would bound what comes meanwhile
		select {
		case <-read:
		case <-c.Done():
		}
	}
	if errors.Is(l.err, errInterrupted) {
		return errInterrupted
	}
	return c.over(l)
}

// over notes how a connection went.
func (c *Client) over(l *link) error {
	if l.readyAt.IsZero() {
		c.conns.failed(l.endpoint, []error{l.err}, time.Now())
		return l.err
	}
	c.pace.up(*l.readyAt)
	c.conns.endpoints.succeeded(l.endpoint)
	renewed := l.err != nil && l.err.Kind == Renewed
	if l.away == nil {
		if renewed { // who sent the client away once is not the first to ask again
			c.conns.endpoints.failed(l.endpoint, time.Now())
		}
		return l.err
	}
	c.conns.wentAway(l.endpoint, l.away, time.Now())
	e := &Error{Kind: PeerClosed, Endpoint: l.endpoint, Err: l.away, Retry: l.away.RetryAfter}
	if renewed {
		e.Kind, e.Err = Renewed, l.err.Err
	}
	return e
}

// giveUp ends the session because connecting again is of no use. Who waits for its end finds why.
func (c *Client) giveUp(err error) {
	c.state.Lock()
	c.state.last = err
	c.state.Unlock()
	c.mu.Lock()
	defer c.unlock()
	c.why = fmt.Errorf("%w: gave up: %w", ErrClosed, err)
	c.m.Close(c.time(), session.CloseNormal, "")
	c.settle()
}

// wait lets the backoff pass, or less when the round ends.
func (c *Client) wait(round context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-round.Done():
	case <-c.Done():
	}
}

// State returns what the client is doing.
func (c *Client) State() State {
	c.state.Lock()
	defer c.state.Unlock()
	return c.state.now
}

// Watch yields each change of state from now on, none left out, until Closed or the end of
// ctx.
func (c *Client) Watch(ctx context.Context) iter.Seq[Change] { return c.changes.tail().from(ctx) }

// LastError returns why the last connection or attempt to connect failed, usually an
// [*Error]; nil while there was no failure.
func (c *Client) LastError() error {
	c.state.Lock()
	defer c.state.Unlock()
	return c.state.last
}

// WaitReady waits for a connection that carries the session. When ctx ends before, the error
// also tells why connecting failed last.
func (c *Client) WaitReady(ctx context.Context) error {
	c.state.Lock()
	ready := c.state.ready
	c.state.Unlock()
	select {
	case <-ready:
		return nil
	case <-c.Done():
		return c.Err()
	case <-ctx.Done():
		return errors.Join(ctx.Err(), c.LastError())
	}
}

// Shutdown waits until all that was sent is handled, for as long as ctx allows, and then
// closes. Meanwhile nothing new is taken but from handlers; Send returns [ErrDraining]. When ctx
// or the session ends before, or the server loses the session, a [*ShutdownError] says how much was
// left and unwraps to the reason; nil means that nothing was. In a handler, with its context, it returns [ErrInHandler] and does
// nothing.
func (c *Client) Shutdown(ctx context.Context) error {
	if c.handling(ctx) {
		return ErrInHandler
	}
	c.beginShutdown()
	c.mu.Lock()
	c.refuse()
	c.unlock()
	c.setState(Change{To: Draining})
	err := c.closeSettled(ctx)
	c.Close()
	e := leftBehind(c.Session)
	if e.Err = err; err == nil && e.Unsettled == 0 {
		return nil // a handler may run, perhaps the one that called
	}
	return e
}

// Close ends the session at once. What is not acknowledged has an unknown outcome. It returns
// when the client has stopped and its connection is closed; a peer that does not read can delay
// it by 5 seconds. It does not wait for a handler that still runs, because that may be who calls
// it: the handler's context has ended.
func (c *Client) Close() error { return c.CloseWith(session.CloseNormal, "") }

// CloseWith is [Client.Close] with a reason, which the server gets if there is a connection: it
// is a *[session.CloseError] there. The error is nil.
func (c *Client) CloseWith(code session.CloseCode, text string) error {
	c.Session.Close(code, text)
	c.stop()
	<-c.stopped
	c.links.Wait()
	return nil
}
