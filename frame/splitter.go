package frame

import (
	"errors"
	"io"
)

// splitter is what a Decoder knows about the frame at the front of its buffer.
type splitter struct {
	f      Format       // running: compiled and fresh
	loop   loop         // what stands for f while nothing special is going on
	length *lengthField // f, for loopLength
	later  Format       // set in the middle of a frame: f from the next frame on
	err    error        // final

	mode   mode
	start  int64 // the stream's offset of the frame at the front
	from   int   // In.From of the next Split
	need   int   // Part.Need of the last Split, 0 if nothing is awaited
	seen   Part  // what that Split said: it is not asked again before need bytes are there
	shown  int   // how many bytes splitSlowly has shown of the frame at the front
	inside bool  // pieces of the frame at the front were taken
	pinned bool  // the frame at the front was begun: SetFormat waits
	eof    bool

	damaged bool  // skipping to the next frame: what is skipped belongs to the error already returned
	held    Part  // a complete frame, split but not taken
	heldErr error // the error that came with held

	lent  loan   // the frame last returned
	over  *Error // the frame being truncated
	spill []byte // its first bytes
}

// mode is what Next does with the frame at the front.
type mode uint8

const (
	deliver mode = iota // hand it out; to any other when it turns out too large
	discard             // drop it piece by piece; to deliver at its end
	collect             // gather its first bytes; to discard when they are there
	offered             // wait for Piece (then deliver) or Next (then discard)
)

// want is what a caller of pull asks for.
type want uint8

const (
	aFrame want = iota
	aPiece
	aSize
)

// format starts a stream, or a part of one, with f.
func (d *Decoder) format(f Format) {
	run, err := open(f)
	if err != nil {
		d.fail(err)
		return
	}
	d.f, d.later = run, nil
	d.from, d.need = 0, 0
	d.loop = loopOf(run)
	d.length, _ = run.(*lengthField)
}

func (d *Decoder) setFormat(f Format) {
	if d.pinned || d.inside || d.mode != deliver {
		d.later, d.loop = f, loopNone
		return
	}
	if d.err == nil {
		d.held, d.heldErr = Part{}, nil
		d.format(f)
	}
}

// settle ends the frame at the front.
func (d *Decoder) settle() {
	d.mode = deliver
	d.from, d.need, d.shown = 0, 0, 0
	d.inside, d.pinned, d.damaged = false, false, false
	if d.later != nil {
		d.format(d.later)
		return
	}
	d.loop = loopOf(d.f)
}

func (d *Decoder) fail(err error) error {
	d.err, d.loop = err, loopNone
	return err
}

func (d *Decoder) hold(part Part, err error) {
	d.held, d.heldErr, d.loop = part, err, loopNone
}

func (d *Decoder) limit() uint64 {
	switch {
	case d.MaxFrame == 0:
		return DefaultMaxFrame
	case d.MaxFrame < 0:
		return 1<<63 - 1
	}
	return uint64(d.MaxFrame)
}

// forget forgets what a frame needs that one of Next's loops has taken since.
func (d *Decoder) forget() {
	if d.need > 0 && !d.inside && d.start != d.base+int64(d.r) {
		d.need = 0
	}
}

// pull runs Split until it has what is wanted. It returns ErrShort if bytes are lacking.
func (d *Decoder) pull(w want) ([]byte, Part, error) {
	d.forget()
	switch {
	case d.mode == offered && w == aPiece:
		d.mode = deliver
	case d.mode == offered || d.inside && w != aPiece && d.mode == deliver:
		d.mode = discard
	}
	for d.err == nil {
		part, err := d.split(w)
		switch {
		case d.mode == deliver && w == aFrame && d.isOver(part, err):
			if payload, done, err := d.oversize(part, err); done {
				return payload, part, err
			}
		case err != nil:
			if err := d.damage(part, err); err != nil {
				return nil, Part{}, err
			}
		case part.Size == 0:
			if w == aSize && part.Exact && d.mode == deliver {
				d.pinned, d.loop = true, loopNone
				return nil, part, nil
			}
			if err := d.short(part, w); err != nil {
				return nil, Part{}, err
			}
		case w == aSize && d.mode == deliver && !part.None:
			d.pinned = true
			part.Least = uint64(len(d.payload(part)))
			d.hold(part, nil)
			return nil, part, nil
		default:
			if payload, done, err := d.take(part, w); done {
				return payload, part, err
			}
		}
	}
	return nil, Part{}, d.err
}

// split calls Split, or returns what it said about a frame that was not taken then.
func (d *Decoder) split(w want) (Part, error) {
	if d.held.Size > 0 {
		part, err := d.held, d.heldErr
		d.held, d.heldErr = Part{}, nil
		return part, err
	}
	if !d.inside {
		d.start = d.base + int64(d.r)
	}
	b := d.in[d.r:len(d.in):len(d.in)]
	pieces := w == aPiece || d.inside || d.mode == discard || d.mode == collect
	if len(b) < d.need && !pieces && !d.eof {
		return d.seen, nil
	}
	in := In{From: d.from, Pieces: pieces, Inside: d.inside, EOF: d.eof}
	if d.mode == collect {
		return d.splitSlowly(b, in)
	}
	part, err := d.f.Split(b, in)
	return d.accept(part, err, b, in)
}

// splitSlowly shows the format one byte more at a time, so that how much of a bad frame comes
// before its error does not depend on how the stream was cut.
func (d *Decoder) splitSlowly(b []byte, in In) (Part, error) {
	n := min(d.shown, len(b))
	for {
		last := in
		last.EOF = in.EOF && n == len(b)
		part, err := d.f.Split(b[:n:n], last)
		if part.Size > 0 || err != nil || n == len(b) {
			d.shown = n - part.Size
			return d.accept(part, err, b, in)
		}
		in.From = part.From
		n++
	}
}

// accept checks what Split returned, which may come from outside, and notes it.
func (d *Decoder) accept(part Part, err error, b []byte, in In) (Part, error) {
	if !part.possible(len(b)) || err == nil && (part.More && !in.Pieces || part.Size > 0 && part.End > part.Size) {
		return Part{}, d.fail(&Error{Err: ErrFormat, Reason: "Split returned an impossible Part", Offset: d.start})
	}
	d.need = 0
	if part.Size == 0 && err == nil {
		d.from, d.need = part.From, max(part.Need, len(b)+1)
		d.seen = part
		if part.Exact {
			d.last = d.need
		}
	}
	return part, err
}

// possible tells whether a Part about n bytes makes sense. A Format may come from outside.
func (p Part) possible(n int) bool {
	return p.Size >= 0 && p.Size <= n && p.From >= 0 && p.Off >= 0 && p.Off <= p.End && p.End <= n
}

// payload returns what part says is the payload at the front.
func (d *Decoder) payload(part Part) []byte {
	if part.Held {
		if h, ok := d.f.(Holder); ok {
			held := h.Held()
			return held[:len(held):len(held)]
		}
	}
	return d.in[d.r+part.Off : d.r+part.End : d.r+part.End]
}

// isOver tells whether a frame, or one that is still on its way, exceeds MaxFrame.
func (d *Decoder) isOver(part Part, err error) bool {
	limit := d.limit()
	return part.Least > limit || err == nil && part.complete() && uint64(len(d.payload(part))) > limit
}

// absurd is a declared size, in bytes, that is hardly meant: four printable characters that are read
// as a length, such as the beginning of an HTTP request, give 0x20202020 and more.
const absurd = 0x20000000

// oversize applies the policy to a frame that is too large.
func (d *Decoder) oversize(part Part, err error) (payload []byte, done bool, _ error) {
	limit := d.limit()
	over := &Error{Err: ErrTooLarge, Declared: limit + 1, Limit: limit, Offset: d.start, Recoverable: d.Oversize != Fail}
	if part.Exact {
		over.Declared = part.Least
	}
	d.loop = loopNone
	known := part.Size > 0 && (err == nil || !part.More) // where the frame ends
	switch d.Oversize {
	case Fail:
		over.Reason = "raise MaxFrame or choose another Oversize policy"
		if part.Exact && part.Least >= absurd && part.Least/4 > limit {
			over.Reason = "no message is so large: the bytes are probably not of this format; does the peer speak another protocol, or has the stream lost its place?"
		}
		if known {
			d.hold(part, err)
		}
		return nil, true, over
	case Stream:
		over.Reason = "read the frame with NextReader or Piece"
		if known {
			d.hold(part, err)
		}
		d.mode, d.pinned = offered, true
		return nil, true, over
	case Truncate:
		if part.Size == 0 && err == nil || part.End-part.Off < int(limit) {
			d.mode, d.over, d.spill, d.shown, d.from = collect, over, d.spill[:0], 0, 0
			return nil, false, nil
		}
		payload = d.payload(part)[:limit]
	}
	switch {
	case known:
		d.r += part.Size
		d.settle()
	case err != nil && part.Size == 0:
		d.fail(d.wrap(err))
	default:
		d.mode = discard
	}
	return payload, true, over
}

// damage takes what an error covers. It returns nil if the error is part of one already returned.
func (d *Decoder) damage(part Part, err error) error {
	if d.err != nil {
		return d.err
	}
	e := d.wrap(err)
	if part.Size == 0 {
		return d.fail(e)
	}
	e.Recoverable = true
	d.r += part.Size
	known := d.mode != deliver || d.damaged && !part.Exact // a frame with a sound header is one of its own
	var out error = e
	if d.mode == collect {
		known, out = false, d.over
	}
	d.settle()
	if part.More {
		d.loop, d.damaged = loopNone, true
		if part.From != 0 { // still inside the damaged frame
			d.mode, d.inside, d.from = discard, true, part.From
		}
	}
	if known {
		return nil
	}
	return out
}

func (d *Decoder) wrap(err error) *Error {
	e := &Error{Err: ErrCorrupt, Cause: err}
	var own *Error
	if errors.As(err, &own) {
		c := *own
		e = &c
	}
	e.Offset = d.start
	return e
}

// short is asked when the frame at the front is incomplete.
func (d *Decoder) short(part Part, w want) error {
	switch have := uint64(d.waiting()); {
	case d.eof && have == 0 && !d.inside:
		return io.EOF
	case d.eof:
		return d.fail(&Error{Err: io.ErrUnexpectedEOF, Offset: d.start, Reason: "the stream ends inside a frame"})
	case (d.mode != deliver || w == aPiece) && have > d.limit()+readBuffer:
		return d.fail(&Error{Err: ErrTooLarge, Declared: d.limit() + 1, Limit: d.limit(), Offset: d.start,
			Reason: "this format cannot pass a frame in pieces"})
	}
	return ErrShort
}

// take takes a part from the front, and says whether it is what was wanted.
func (d *Decoder) take(part Part, w want) (payload []byte, done bool, _ error) {
	payload = d.payload(part)
	if d.need = 0; w == aFrame {
		d.last = part.Size
	}
	d.r += part.Size
	if part.None {
		d.from = 0
		return nil, false, nil
	}
	mode := d.mode
	if part.More {
		d.inside, d.pinned, d.damaged, d.from, d.loop = true, true, false, part.From, loopNone
	} else {
		d.settle()
	}
	switch mode {
	case discard:
		return nil, false, nil
	case collect:
		d.spill = append(d.spill, payload[:min(len(payload), int(d.over.Limit)-len(d.spill))]...)
		if part.More && len(d.spill) < int(d.over.Limit) {
			return nil, false, nil
		}
		if part.More {
			d.mode = discard
		}
		return d.spill, true, d.over
	}
	return payload, true, nil
}

// lend notes a frame as borrowed, and poison ends the loan.
func (d *Decoder) lend(b []byte) []byte {
	d.lent.begin(b)
	return b
}

func (d *Decoder) poison() {
	d.lent.end()
}
