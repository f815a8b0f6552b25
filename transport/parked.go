package transport

import "github.com/parleyproto/parley/transport/session"

// parked is a queue of messages that wait for their handler, or for Messages. Many tiny ones are what
// a peer can fill a window with, so each takes little more than its place.
type parked struct {
	first, last *parkedBlock
	n           int32
	head, tail  uint8 // the first place in first that is taken, in last that is free
}

type parkedBlock struct {
	places [27]session.Parked
	next   *parkedBlock
}

func (q *parked) push(ev *session.Event) {
	switch {
	case q.last == nil:
		q.first = new(parkedBlock)
		q.last = q.first
	case int(q.tail) == len(q.last.places):
		q.last.next = new(parkedBlock)
		q.last, q.tail = q.last.next, 0
	}
	q.last.places[q.tail] = ev.Park()
	q.tail++
	q.n++
}

// pop takes the first message, of one at least. One block stays for the next messages.
func (q *parked) pop() session.Event {
	b := q.first
	ev := b.places[q.head].Event()
	b.places[q.head] = session.Parked{}
	q.head++
	q.n--
	switch {
	case q.n == 0:
		q.head, q.tail = 0, 0
	case int(q.head) == len(b.places):
		q.first, q.head = b.next, 0
	}
	return ev
}

// trim gives the memory of an empty queue back.
func (q *parked) trim() {
	if q.n == 0 {
		*q = parked{}
	}
}
