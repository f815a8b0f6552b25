package frame

// loop names the formats for which Next has an inlined loop. Each gives what Split gives; a test
// compares them.
type loop uint8

const (
	loopNone loop = iota
	loopUint32BE
	loopLF
)

func loopOf(f Format) loop {
	switch f := f.(type) {
	case *lengthField:
		if f.LengthField == (LengthField{Size: 4, Strip: 4}) {
			return loopUint32BE
		}
	case line:
		if f == line(LF) {
			return loopLF
		}
	}
	return loopNone
}
