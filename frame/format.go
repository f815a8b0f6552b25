package frame

// A Format says how one message follows another on a byte stream. One value describes both
// directions: what AppendFrame writes, Split takes apart again.
//
// A Format is immutable and may be shared by any number of streams and goroutines. What it has
// to remember about one stream, it remembers in the copy that [Stateful] makes.
type Format interface {
	// AppendFrame appends the frame that carries payload to dst. A payload that the format
	// cannot carry is an error ([ErrPayload], [ErrTooLarge]); dst is then returned as it was.
	AppendFrame(dst, payload []byte) ([]byte, error)

	// Split looks for one frame at the front of buf. It takes all the bytes it can explain at
	// once, and says in Part what it found. It keeps no reference to buf.
	//
	// Where a frame is complete, Split may rewrite buf[:Part.Size], to decode in place. It never
	// writes anywhere else, and it writes nothing when it returns an error or an incomplete Part.
	//
	// An error with Part.Size > 0 is recoverable: these bytes are lost, and splitting goes on
	// after them. With Part.More the damage may reach further: what is skipped next, without a
	// frame in between, belongs to the same error; and if Part.From is not 0, the next call is
	// still inside the damaged frame. An error with Part.Size == 0 is final. In both cases
	// Part.Least tells the frame's size as far as it was known.
	Split(buf []byte, in In) (Part, error)
}

// In is what Split is told besides the bytes.
type In struct {
	From   int  // the Part.From of the last call for this frame; 0 at the start of a frame
	Pieces bool // the payload may come in pieces: answer what is there with Part.More
	Inside bool // the last Part had More: buf goes on inside that frame
	EOF    bool // no bytes follow buf
}

// Part is what Split found at the front of buf: a frame, a piece of one, padding between two,
// or too little.
type Part struct {
	Size     int    // bytes taken from the front of buf; 0: incomplete
	Off, End int    // the payload, or this piece of it, is buf[Off:End], inside buf[:Size]
	Need     int    // if incomplete: the len(buf) from which on a call is useful; never past the frame's end
	From     int    // if incomplete or More: a note that the next In.From gives back
	Least    uint64 // a lower bound of the whole payload's size, as far as it is known
	Exact    bool   // Least is the payload's declared size
	More     bool   // the payload goes on in the next Part
	None     bool   // the Size bytes are no frame: padding between two, or kept by the format itself
	Held     bool   // the payload is not in buf: the format, a Holder, has it
}

// Stateful is implemented by a Format whose frames depend on those before them. Readers, writers
// and decoders call Fresh once for each direction of a stream.
type Stateful interface {
	// Fresh returns the Format at the start of one direction of one stream. Its state moves
	// only with bytes taken (Part.Size > 0) or with frames appended.
	Fresh() Format
}

// Holder is implemented by a Stateful Format that puts payloads together in memory of its own,
// such as [Join]. It bounds that memory itself.
type Holder interface {
	// Held returns the payload of the last Part that had Held. It is valid until the next Split.
	Held() []byte
}

// Compiler is implemented by a Format that is a set of options, such as [LengthField].
type Compiler interface {
	// Compile checks the options and returns the format made ready to run. An option that makes
	// no sense is an *[OptionError].
	Compile() (Format, error)
}

// Encloser is implemented by a Format whose frame is the payload, unchanged, between a header
// and a trailer. A [Writer] writes a large payload of such a format without copying it.
type Encloser interface {
	// Enclose appends the header and then the trailer of payload's frame to dst. The trailer
	// starts at out[trailer].
	Enclose(dst, payload []byte) (out []byte, trailer int, err error)
}

// Compile checks the options of f and makes it ready to run. It is the constructor of formats
// that come from a user's configuration. [NewReader], [NewWriter] and [NewDecoder] compile the
// format they are given themselves; their first use returns the error.
func Compile(f Format) (Format, error) {
	if f == nil {
		return nil, &OptionError{Format: "Format", Option: "value", Value: "nil", Why: "a format is required"}
	}
	if c, ok := f.(Compiler); ok {
		return c.Compile()
	}
	return f, nil
}

// open returns f ready for one direction of one stream.
func open(f Format) (Format, error) {
	f, err := Compile(f)
	if err != nil {
		return nil, err
	}
	if s, ok := f.(Stateful); ok {
		f = s.Fresh()
	}
	return f, nil
}

// fresh is open for a format inside another, where the error waits for the first use.
func fresh(f Format) Format {
	f, err := open(f)
	if err != nil {
		return invalid{err}
	}
	return f
}

// invalid is a format whose options make no sense.
type invalid struct{ err error }

func (f invalid) AppendFrame(dst, _ []byte) ([]byte, error) { return dst, f.err }
func (f invalid) Split([]byte, In) (Part, error)            { return Part{}, f.err }
