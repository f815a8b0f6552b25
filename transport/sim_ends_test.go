package transport_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// parcel is the message of the simulation.
type parcel struct {
	From string        `json:"from"`
	N    int           `json:"n"`
	Lane session.Lane  `json:"lane"`
	Do   string        `json:"do,omitempty"`   // what the handler does besides: "panic", "fail"
	Take time.Duration `json:"take,omitempty"` // how long it takes
	Fill string        `json:"fill,omitempty"`
	Note string        `json:"note,omitempty"` // what its metadata says, too
}

var parcelProtocol = &codec.Protocol{Name: "parcels", Releases: []codec.Release{
	{Version: 1, Codec: codec.JSON(&parcel{}), Text: true},
	{Version: 2, Codec: codec.JSON(&parcel{})},
	{Version: 3, Codec: codec.JSON(&parcel{})},
}}

// draw makes a parcel.
func draw(rnd *rand.Rand, from string, n int) (*parcel, session.SendOptions) {
	lanes := []session.Lane{session.Normal, session.Normal, session.High, session.Low}
	p := &parcel{From: from, N: n, Lane: lanes[rnd.IntN(4)]}
	o := session.SendOptions{Lane: p.Lane, Notify: true}
	switch rnd.IntN(40) {
	case 0:
		p.Do = "panic"
	case 1:
		p.Do = "fail"
	case 2:
		p.Take = time.Duration(rnd.Int64N(int64(20*time.Second) >> rnd.IntN(12)))
	case 3, 4:
		p.Fill = strings.Repeat("parcel", 1<<rnd.IntN(15))
	case 5, 6:
		o.TTL = time.Duration(1 + rnd.Int64N(int64(time.Minute)>>rnd.IntN(10)))
	}
	if n%3 == 0 {
		p.Note = fmt.Sprintf("%s,%d", from, n)
		o.Metadata = note(p)
	}
	return p, o
}

// note is the metadata of a parcel.
func note(p *parcel) session.Metadata {
	if p.Note == "" {
		return nil
	}
	return session.Metadata{{Key: "note", Value: p.Note}}
}

// Handle is the handler of both sides.
func (w *world) Handle(ctx context.Context, s *transport.Session, in transport.Incoming) (codec.Message, error) {
	p := in.Message.(*parcel)
	w.arrived(p, s, in)
	if end, ok := w.atNext.LoadAndDelete(s); ok {
		end.(func())()
	}
	if p.Take > 0 {
		time.Sleep(p.Take)
	}
	switch p.Do {
	case "panic":
		panic("as it was told to")
	case "fail":
		return nil, errSimulated
	}
	o := session.SendOptions{Metadata: in.Metadata}
	if p.N%5 == 0 { // some replies expire
		o.Lane, o.TTL = p.Lane, time.Duration(p.N)*time.Millisecond
	}
	return transport.Reply{Message: &parcel{From: "reply to " + p.From, N: -p.N}, Options: o}, nil
}

// simServer is a server that may be replaced by another process.
type simServer struct {
	w       *world
	names   []string
	process atomic.Pointer[transport.Server]
	serving sync.WaitGroup
	open    []net.Listener
	lost    *atomic.Int64 // messages of the process that have no good outcome
}

func (s *simServer) now() *transport.Server { return s.process.Load() }

// start starts a process.
func (s *simServer) start() {
	lost := new(atomic.Int64)
	s.lost = lost
	srv := &transport.Server{Protocol: parcelProtocol, Handler: s.w, RetryAfter: time.Second, RetrySpread: 10 * time.Second,
		OnOutcome: func(o transport.Outcome) {
			if o.Outcome == session.Unknown || o.Reason == session.Unsent {
				lost.Add(1)
			}
			s.w.told(o)
		}}
	srv.Session.Offer.Prefer = []codec.Version{codec.Version(1 + s.w.seed%3)}
	if s.w.gentle {
		srv.Session.ResumeWindow = -1
	} else {
		srv.Alternatives = []string{"a", "b"}
	}
	if s.w.smallQueue() {
		srv.Session.Queue, srv.Session.Offer.Window = 4<<10, 2<<10
	}
	if s.w.dropsOldest() {
		srv.Session.Overflow = session.DropOldest
	}
	srv.Session.Offer.MaxMessage = s.w.maxMessage()
	if s.w.seed%4 != 0 {
		srv.Session.Compress = &session.Compression{MinSize: 1}
	}
	s.process.Store(srv)
	s.open = nil
	s.listen()
}

// listen serves the names that nobody listens at.
func (s *simServer) listen() {
	for _, name := range s.names {
		l, err := s.w.network.Listen(name)
		if err != nil {
			s.w.accuse("listen: %v", err)
			continue
		}
		srv := s.now()
		s.open = append(s.open, l)
		s.serving.Go(func() { srv.Serve(badListener{l, s.w}) })
	}
}

// closeListeners leaves the process and its sessions alone.
func (s *simServer) closeListeners() {
	for _, l := range s.open {
		l.Close()
	}
	s.open = nil
	s.serving.Wait()
}

// relisten closes the listeners and opens them again a little later: the process stays, with
// all sessions. What was connected stays so, or is reset.
func (s *simServer) relisten(reset bool) {
	s.w.tell("%v closes its listeners; reset=%v", s.names, reset)
	s.closeListeners()
	if reset {
		s.w.network.Link.ResetAll()
	}
	s.w.sleep(10 * time.Second)
	s.listen()
}

// crash ends the process and starts another that knows nothing; nobody is told.
func (s *simServer) crash() {
	s.w.tell("%v crashes", s.names)
	for _, name := range s.names {
		s.w.network.Down(name)
	}
	s.now().Close()
	s.serving.Wait()
	s.w.sleep(10 * time.Second)
	s.start()
	for _, name := range s.names {
		s.w.network.Up(name)
	}
}

// simClient is a client that may be replaced by another process.
type simClient struct {
	w       *world
	index   int
	life    int
	host    string
	process atomic.Pointer[transport.Client]
	stop    chan struct{}
	working sync.WaitGroup
	closed  bool          // by this side
	lost    *atomic.Int64 // messages of the process that have no good outcome
}

func (c *simClient) now() *transport.Client { return c.process.Load() }

// start starts a process: it sends, calls and flushes, and servers push to it.
func (c *simClient) start() {
	c.life++
	c.closed = false
	c.host = fmt.Sprintf("c%d-%d", c.index, c.life)
	host := c.host
	lost := new(atomic.Int64)
	c.lost = lost
	cfg := &transport.Config{Endpoints: []string{"a", "b"}, Protocol: parcelProtocol, Handler: c.w, Dial: c.w.dialFrom(c.host),
		OnOutcome: func(o transport.Outcome) {
			if o.Outcome == session.Unknown || o.Reason == session.Unsent {
				lost.Add(1)
			}
			c.w.told(o)
		}, OnChange: func(ch transport.Change) { c.w.tell("%s is %v %v", host, ch.To, describe(ch)) }}
	if c.w.seed%3 != 0 {
		cfg.Backoff.Cap = 10 * time.Second
	}
	if c.w.smallQueue() {
		cfg.Session.Queue, cfg.Session.Offer.Window = 4<<10, 2<<10
	}
	if c.w.dropsOldest() {
		cfg.Session.Overflow = session.DropOldest
	}
	if c.w.seed%4 < 2 {
		cfg.Session.Compress = &session.Compression{MinSize: 100, Level: 6}
	}
	cfg.Session.EarlyData = !c.w.gentle && c.w.seed%7 < 3
	if !c.w.renews() {
		cfg.Session.Renew = func(*session.CloseError) bool { return false }
	}
	if c.w.resends() {
		cfg.Session.OnUnknown = session.Resend
	}
	client, err := transport.Dial(cfg)
	if err != nil {
		panic(err)
	}
	c.process.Store(client)
	stop := make(chan struct{})
	c.stop = stop
	seed := c.w.seed<<16 | uint64(c.index)<<8 | uint64(c.life)
	c.working.Go(func() { c.work(client, host, rand.New(rand.NewPCG(seed, 1)), stop) })
	c.working.Go(func() { c.call(client, host+"!", rand.New(rand.NewPCG(seed, 2)), stop) })
	c.working.Go(func() { c.push(client, host, rand.New(rand.NewPCG(seed, 3)), stop) })
}

func describe(ch transport.Change) string {
	switch {
	case ch.Wait > 0:
		return fmt.Sprintf("for %v: %v", ch.Wait.Round(time.Millisecond), ch.Err)
	case ch.Err != nil:
		return ch.Err.Error()
	}
	return ch.Endpoint
}

// quit ends what sends. It is called by the world only.
func (c *simClient) quit() {
	close(c.stop)
	c.working.Wait()
}

// ended tells whether the session is over.
func (c *simClient) ended() bool { return c.now().Err() != nil }

// checkEnd checks that a session ended for a good reason only.
func (c *simClient) checkEnd() {
	err := c.now().Err()
	if err == nil || c.closed {
		return
	}
	var reason *session.CloseError
	if c.w.gentle || c.w.renews() || !errors.As(err, &reason) || !reason.Renewable() {
		c.w.accuse("%s has ended: %v", c.host, err)
	}
}

// pause lets some time pass, and tells whether to go on.
func pause(rnd *rand.Rand, stop chan struct{}) bool {
	select {
	case <-after(time.Duration(rnd.Int64N(int64(4*time.Second) >> rnd.IntN(12)))):
		return true
	case <-stop:
		return false
	}
}

// work sends bursts, and flushes now and then.
func (c *simClient) work(client *transport.Client, from string, rnd *rand.Rand, stop chan struct{}) {
	for n := 0; pause(rnd, stop) && client.Err() == nil; {
		for range rnd.IntN(8) {
			n++
			c.send(client.Session, rnd, from, n)
		}
		if rnd.IntN(10) == 0 {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			client.Flush(ctx)
			cancel()
		}
	}
}

// push lets the server that the client is attached to send.
func (c *simClient) push(client *transport.Client, host string, rnd *rand.Rand, stop chan struct{}) {
	for n := 0; pause(rnd, stop) && client.Err() == nil; {
		for _, srv := range c.w.servers {
			for _, info := range srv.now().Sessions() {
				if info.State == session.Attached && strings.HasPrefix(info.Addr.String(), host+":") {
					n++
					c.send(info.Session, rnd, "push to "+host, n)
				}
			}
		}
	}
}

// send sends one parcel. What was refused must never arrive.
func (c *simClient) send(s *transport.Session, rnd *rand.Rand, from string, n int) {
	p, o := draw(rnd, from, n)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if id, err := s.SendWith(ctx, p, o); err == nil {
		c.w.sent(label{from, n}, s, id)
	}
}

// patience is how long some calls wait. That is longer than anything takes: while the session lives,
// each is answered.
const patience = 6 * time.Hour

// call calls one after the other.
func (c *simClient) call(client *transport.Client, from string, rnd *rand.Rand, stop chan struct{}) {
	for n := 1; pause(rnd, stop) && client.Err() == nil; n++ {
		p, o := draw(rnd, from, n)
		o.Notify, o.TTL = false, o.TTL*2
		limit := patience
		if n%3 != 0 {
			limit = time.Duration(1 + rnd.Int64N(int64(time.Minute)>>rnd.IntN(12)))
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		reply, err := client.CallWith(ctx, p, o)
		cancel()
		var failed *session.CallError
		var dropped *transport.DroppedError
		var large *session.TooLargeError
		switch {
		case err == nil:
			if r := reply.Message.(*parcel); r.N != -n || !slices.Equal(reply.Metadata, o.Metadata) {
				c.w.accuse("call %s %d with %q was answered by %d with %q", from, n, o.Metadata, r.N, reply.Metadata)
			}
			c.w.answered(label{from, n}, "answered", true, true)
		case errors.As(err, &failed):
			c.w.answered(label{from, n}, err.Error(), true, true)
		case errors.As(err, &dropped), errors.As(err, &large), errors.Is(err, session.ErrQueueFull) && c.w.overflows:
			c.w.answered(label{from, n}, err.Error(), false, false)
		case errors.Is(err, context.DeadlineExceeded):
			if limit == patience {
				c.w.accuse("call %s %d has no end: %v", from, n, err)
			}
			c.w.answered(label{from, n}, err.Error(), false, true)
		default:
			if c.w.gentle {
				c.w.accuse("call %s %d: %v, but no session was lost", from, n, err)
			}
			c.w.answered(label{from, n}, err.Error(), false, true)
		}
	}
}
