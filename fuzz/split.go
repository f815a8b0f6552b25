package fuzz

import (
	"fmt"
	"io"
	"strings"
)

// Interrupt, as a size in Plan.Sizes, is a read that returns no bytes and
// Plan.Err, once.
const Interrupt = -1

// A Plan says how a reader hands out its bytes: how many by each Read, and
// what else a Read may do within the contract of io.Reader. The zero Plan
// gives as much as is asked for. Plans are values and may be used many times.
type Plan struct {
	// Sizes are the most bytes that each Read returns, in order. 0 is a Read
	// that returns (0, nil). After the last one Reads are not limited, unless
	// Repeat is set.
	Sizes []int
	// Repeat starts Sizes again when they are used up. They need one that is
	// greater than 0, else no byte would ever arrive.
	Repeat bool
	// WithEOF returns the last bytes together with io.EOF.
	WithEOF bool
	// Scratch overwrites what the Read leaves unused of its argument, which
	// io.Reader allows and few readers do.
	Scratch bool
	// Err is what an Interrupt returns, and, if Fail is set, every Read after
	// FailAt bytes. Nil means ErrInjected.
	Err    error
	Fail   bool
	FailAt int
}

// ErrInjected is the error of plans that name no other.
var ErrInjected error = injected{}

type injected struct{}

func (injected) Error() string   { return "fuzz: injected read error" }
func (injected) Timeout() bool   { return true }
func (injected) Temporary() bool { return true }

func (p Plan) err() error {
	if p.Err != nil {
		return p.Err
	}
	return ErrInjected
}

// String gives the plan in one line for the message of a failure.
func (p Plan) String() string {
	var b strings.Builder
	for i, n := range p.Sizes {
		if i > 0 {
			b.WriteByte(',')
		}
		if i == 16 {
			fmt.Fprintf(&b, "… (%d sizes)", len(p.Sizes))
			break
		}
		if n == Interrupt {
			b.WriteByte('!')
		} else {
			fmt.Fprint(&b, n)
		}
	}
	switch {
	case len(p.Sizes) == 0:
		b.WriteString("whole")
	case p.Repeat:
		b.WriteString(" repeated")
	default:
		b.WriteString(",rest")
	}
	if p.Fail {
		fmt.Fprintf(&b, " fail@%d", p.FailAt)
	}
	if p.WithEOF {
		b.WriteString(" +EOF")
	}
	if p.Scratch {
		b.WriteString(" +scratch")
	}
	return b.String()
}

// SplitReader returns a reader that gives the bytes of r cut up by p. To return
// the last bytes together with io.EOF it reads one byte ahead.
func SplitReader(r io.Reader, p Plan) io.Reader {
	return &splitReader{r: r, plan: p, next: 0}
}

type splitReader struct {
	r    io.Reader
	plan Plan
	next int // index in plan.Sizes
	n    int // bytes given so far

	ahead    [1]byte // one byte read ahead, if has
	has      bool
	aheadErr error
}

func (s *splitReader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	limit := len(b)
	switch size, ok := s.size(); {
	case ok && size == Interrupt:
		return 0, s.plan.err()
	case ok:
		limit = min(limit, size)
	}
	if s.plan.Fail {
		if s.n >= s.plan.FailAt {
			return 0, s.plan.err()
		}
		limit = min(limit, s.plan.FailAt-s.n)
	}
	n, err := 0, error(nil)
	if limit > 0 {
		n, err = s.fill(b[:limit])
	}
	s.n += n
	if s.plan.Scratch {
		for i := n; i < len(b); i++ {
			b[i] ^= 0xA5
		}
	}
	return n, err
}

// size returns the next entry of the plan, and false when Reads are not limited.
func (s *splitReader) size() (int, bool) {
	if s.next == len(s.plan.Sizes) {
		if !s.plan.Repeat || s.next == 0 {
			return 0, false
		}
		s.next = 0
	}
	s.next++
	return s.plan.Sizes[s.next-1], true
}

// fill reads as many bytes as b holds, so that the plan alone decides the cut.
func (s *splitReader) fill(b []byte) (int, error) {
	n, err := 0, s.aheadErr
	if s.has {
		b[0], s.has, n = s.ahead[0], false, 1
	}
	if err == nil && n < len(b) {
		var m int
		m, err = io.ReadFull(s.r, b[n:])
		n += m
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
	}
	if err == nil && s.plan.WithEOF {
		var m int
		m, err = io.ReadFull(s.r, s.ahead[:])
		s.has = m == 1
	}
	s.aheadErr = err
	if s.has || n > 0 && !s.plan.WithEOF {
		return n, nil
	}
	return n, err
}
