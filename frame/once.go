package frame

// Once begins a stream in one format and goes on in another: a preface, then the protocol.
//
//	PROXY v2 header │ whatever the application speaks
type Once struct {
	First Format
	// Last tells whether a frame of First is the last one. nil: there is one such frame. With
	// Last, frames of First come whole, never in pieces.
	Last func(payload []byte) bool
	Then Format
}

// Compile implements [Compiler].
func (o Once) Compile() (Format, error) {
	if o.First == nil || o.Then == nil {
		return nil, badOption("Once", "First and Then", "nil", "both formats are required")
	}
	first, err := Compile(o.First)
	if err != nil {
		return nil, err
	}
	then, err := Compile(o.Then)
	if err != nil {
		return nil, err
	}
	return Once{First: first, Last: o.Last, Then: then}, nil
}

// Fresh implements [Stateful].
func (o Once) Fresh() Format {
	if _, err := o.Compile(); err != nil {
		return invalid{err}
	}
	return &once{run: fresh(o.First), last: o.Last, then: fresh(o.Then)}
}

func (o Once) AppendFrame(dst, payload []byte) ([]byte, error) {
	return o.Fresh().AppendFrame(dst, payload)
}

func (o Once) Split(buf []byte, in In) (Part, error) { return o.Fresh().Split(buf, in) }

// once is a Once somewhere in its stream.
type once struct {
	run  Format // what holds for the next frame
	last func(payload []byte) bool
	then Format // nil once it runs
	done Format // what gave the last Part
}

func (o *once) Split(buf []byte, in In) (Part, error) {
	if o.then != nil && o.last != nil {
		in.Pieces = false
	}
	o.done = o.run
	part, err := o.run.Split(buf, in)
	if o.then != nil && err == nil && part.complete() {
		payload := buf[part.Off:part.End]
		if part.Held {
			payload = o.Held()
		}
		o.advance(payload)
	}
	return part, err
}

func (o *once) advance(payload []byte) {
	if o.last == nil || o.last(payload) {
		o.run, o.then = o.then, nil
	}
}

// Held implements [Holder].
func (o *once) Held() []byte { return o.done.(Holder).Held() }

func (o *once) AppendFrame(dst, payload []byte) ([]byte, error) {
	out, err := o.run.AppendFrame(dst, payload)
	if err == nil && o.then != nil {
		o.advance(payload)
	}
	return out, err
}
