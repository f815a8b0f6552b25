package transport_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// shutdown ends the process as an operator does, and starts another.
func (s *simServer) shutdown() {
	limit := time.Duration(s.w.rnd.Int64N(int64(2*time.Minute) >> s.w.rnd.IntN(10)))
	s.w.tell("%v shuts down within %v", s.names, limit)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	before := s.lost.Load()
	err := s.now().Shutdown(ctx)
	s.serving.Wait()
	time.Sleep(time.Nanosecond) // outcomes are told
	s.w.tell("%v has shut down: %v", s.names, err)
	s.w.parted(fmt.Sprint(s.names), err, int(s.lost.Load()-before))
	s.start()
}

// evict closes one session, as a server does that finds it dead or has no room.
func (s *simServer) evict() {
	info := s.any()
	if info == nil {
		return
	}
	code := []session.CloseCode{session.CloseIdle, session.CloseLimits}[s.w.rnd.IntN(2)]
	s.w.tell("%v closes the session of %v: %v", s.names, info.Addr, code)
	info.Session.Close(code, "")
}

// any returns one of the sessions; nil: there is none.
func (s *simServer) any() *transport.SessionInfo {
	all := s.now().Sessions()
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b transport.SessionInfo) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return &all[s.w.rnd.IntN(len(all))]
}

// closeInHandler ends the process by the handler of the next message that one of its clients sends,
// and starts another.
func (s *simServer) closeInHandler() {
	srv := s.now()
	info := s.any()
	if info == nil {
		return
	}
	s.w.tell("%v closes in a handler", s.names)
	s.w.endInHandler(info.Session, func() { srv.Close() })
	srv.Close() // if no message came
	s.serving.Wait()
	s.start()
}

// replace ends the process, at once or when all is acknowledged, by a handler or not, and starts
// another.
func (c *simClient) replace(drain, inHandler bool) {
	c.w.tell("%s ends; drain=%v, in a handler=%v", c.host, drain, inHandler)
	client := c.now()
	c.checkEnd()
	c.closed = true
	end := func() { client.Close() }
	if drain {
		end = c.shutdown
	}
	if inHandler {
		c.w.endInHandler(client.Session, end)
		client.Close() // if no message came
	} else {
		end()
	}
	c.quit()
	c.start()
}

// shutdown ends the process when all is acknowledged.
func (c *simClient) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	before := c.lost.Load()
	over := c.ended()
	err := c.now().Shutdown(ctx)
	time.Sleep(time.Nanosecond) // outcomes are told
	c.w.tell("%s has shut down: %v", c.host, err)
	if !over {
		c.w.parted(c.host, err, int(c.lost.Load()-before))
	}
}

// endInHandler lets the next handler of a session end the process, and waits for that or for half a
// minute.
func (w *world) endInHandler(s *transport.Session, end func()) {
	ended := make(chan struct{})
	w.atNext.Store(s, func() {
		defer close(ended)
		began := time.Now()
		end()
		w.tell("the handler has ended the process after %v", time.Since(began))
	})
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		if _, waits := w.atNext.LoadAndDelete(s); !waits {
			select {
			case <-ended:
			case <-time.After(2 * time.Minute):
				w.accuse("a handler cannot end its process")
			}
		}
	}
}
