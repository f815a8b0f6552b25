package frame

import "io"

// Join makes one message of several frames, where a protocol cuts a long message into frames.
// Messages are put together in memory of their own, of at most Max bytes, and never come in
// pieces; a larger one is a final error.
type Join struct {
	Format Format // of the frames
	// Add appends to msg what frame contributes to the message, and tells how it goes on. msg is
	// empty at a message's first frame. Frame is valid during the call only. An error is final.
	Add func(msg, frame []byte) (out []byte, link Link, err error)
	// Cut appends to dst the k-th frame (k = 0, 1, …) that carries payload, and tells whether
	// another follows.
	Cut func(dst, payload []byte, k int) (frame []byte, more bool, err error)
	Max int // largest message in bytes; 0: DefaultMaxFrame
}

// Link is what a frame is to the message that frames make.
type Link uint8

const (
	EndsMessage   Link = iota // the message is complete
	GoesOn                    // another frame of it follows
	StandsBetween             // what was appended is a message of its own, between the frames of msg
)

// Compile implements [Compiler].
func (j Join) Compile() (Format, error) {
	switch {
	case j.Format == nil:
		return nil, badOption("Join", "Format", "nil", "the format of the frames is required")
	case j.Add == nil || j.Cut == nil:
		return nil, badOption("Join", "Add and Cut", "nil", "both functions are required")
	case j.Max < 0:
		return nil, badOption("Join", "Max", j.Max, "must be positive, or 0 for DefaultMaxFrame")
	}
	inner, err := Compile(j.Format)
	if err != nil {
		return nil, err
	}
	j.Format = inner
	if j.Max == 0 {
		j.Max = DefaultMaxFrame
	}
	return j, nil
}

// Fresh implements [Stateful].
func (j Join) Fresh() Format {
	if _, err := j.Compile(); err != nil {
		return invalid{err}
	}
	if j.Max == 0 {
		j.Max = DefaultMaxFrame
	}
	return &joiner{Join: j, inner: fresh(j.Format)}
}

func (j Join) AppendFrame(dst, payload []byte) ([]byte, error) {
	return j.Fresh().AppendFrame(dst, payload)
}

func (j Join) Split(buf []byte, in In) (Part, error) { return j.Fresh().Split(buf, in) }

// joiner is a Join and the message that it is putting together.
type joiner struct {
	Join
	inner   Format
	msg     []byte
	open    bool // msg was begun
	held    []byte
	scratch []byte
}

func (j *joiner) Split(buf []byte, in In) (Part, error) {
	j.held = nil
	if !j.open {
		j.msg = reusable(j.msg)
	}
	in.Pieces = false
	part, err := j.inner.Split(buf, in)
	size := max(part.Least, uint64(part.End-part.Off))
	part.Least, part.Exact = 0, false // what of a frame comes into the message, Add knows
	switch {
	case size > uint64(j.Max)+maxHeader:
		return Part{}, j.tooLarge()
	case err != nil || part.None:
		return part, err
	case part.Size == 0:
		if in.EOF && len(buf) == 0 && j.open {
			return part, &Error{Err: io.ErrUnexpectedEOF, Reason: "the stream ends between the frames of a message"}
		}
		return part, nil
	}
	frame := buf[part.Off:part.End]
	if part.Held {
		frame = j.inner.(Holder).Held()
	}
	return j.add(frame, part.Size)
}

// add adds a frame to the message.
func (j *joiner) add(frame []byte, size int) (Part, error) {
	have := len(j.msg)
	out, link, err := j.Add(j.msg, frame)
	switch {
	case err != nil:
		return Part{}, err
	case len(out) > j.Max:
		return Part{}, j.tooLarge()
	case link == StandsBetween:
		j.msg, j.held = out[:have], out[have:]
		return Part{Size: size, Held: true}, nil
	case link == GoesOn:
		j.msg, j.open = out, true
		return Part{Size: size, None: true}, nil
	}
	j.msg, j.held, j.open = out, out, false
	return Part{Size: size, Held: true}, nil
}

func (j *joiner) tooLarge() error {
	return tooLarge(uint64(j.Max)+1, uint64(j.Max), "the message that the frames make; raise Join.Max")
}

// Held implements [Holder].
func (j *joiner) Held() []byte { return j.held }

func (j *joiner) AppendFrame(dst, payload []byte) ([]byte, error) {
	if len(payload) > j.Max {
		return dst, tooLarge(uint64(len(payload)), uint64(j.Max), "raise Join.Max")
	}
	out := dst
	for k, more := 0, true; more; k++ {
		var frame []byte
		var err error
		if frame, more, err = j.Cut(j.scratch[:0], payload, k); err != nil {
			return dst, err
		}
		j.scratch = reusable(frame)
		if out, err = j.inner.AppendFrame(out, frame); err != nil {
			return dst, err
		}
	}
	return out, nil
}
