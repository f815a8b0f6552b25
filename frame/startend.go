package frame

import (
	"bytes"
	"fmt"
)

// StartEnd is the format of frames between a start and an end mark. After damage, the next frame
// is found by its start mark. The payload may contain the start mark, never the end mark.
//
//	0B MSH|… 1C 0D      MLLP: Start "\x0b", End "\x1c\r"
type StartEnd struct{ Start, End string }

// MLLP is HL7's minimal lower layer protocol.
var MLLP Format = StartEnd{Start: "\x0b", End: "\x1c\r"}

// Compile implements [Compiler].
func (f StartEnd) Compile() (Format, error) {
	switch {
	case f.Start == "":
		return nil, badOption("StartEnd", "Start", `""`, "needs at least one byte; Delimiter is the format without a start mark")
	case f.End == "":
		return nil, badOption("StartEnd", "End", `""`, "needs at least one byte")
	}
	return &startEnd{f}, nil
}

func (f StartEnd) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(f).AppendFrame(dst, payload)
}
func (f StartEnd) Split(buf []byte, in In) (Part, error) { return fresh(f).Split(buf, in) }

// startEnd is a StartEnd whose options have been checked.
type startEnd struct{ StartEnd }

func (f *startEnd) Split(buf []byte, in In) (Part, error) {
	start := 0
	if !in.Inside {
		if gap := gapBefore(buf, f.Start); gap > 0 {
			return Part{Size: gap, More: true}, corrupt(fmt.Sprintf("no %q at the frame's start", f.Start))
		}
		if len(buf) < len(f.Start) {
			return Part{Need: len(f.Start) + len(f.End)}, nil
		}
		start = len(f.Start)
	}
	from := max(in.From, start)
	if i := bytes.Index(buf[from:], []byte(f.End)); i >= 0 {
		return Part{Size: from + i + len(f.End), Off: start, End: from + i}, nil
	}
	sure := max(start, len(buf)-len(f.End)+1) // the end mark does not begin before
	if in.Pieces && sure > 0 {
		return Part{Size: sure, Off: start, End: sure, More: true}, nil
	}
	return Part{Need: max(len(buf)+1, start+len(f.End)), From: sure, Least: uint64(sure - start)}, nil
}

func (f *startEnd) AppendFrame(dst, payload []byte) ([]byte, error) {
	seam := append(append(make([]byte, 0, 64), payload[max(0, len(payload)-len(f.End)+1):]...), f.End...)
	if i := bytes.Index(payload, []byte(f.End)); i >= 0 {
		return dst, unfit(i, "the payload contains the end mark")
	}
	if i := bytes.Index(seam, []byte(f.End)); i != len(seam)-len(f.End) {
		return dst, unfit(len(payload), "the payload's last bytes and the end mark make another end mark")
	}
	dst = append(dst, f.Start...)
	return append(append(dst, payload...), f.End...), nil
}

// gapBefore returns how many bytes stand before the first place where mark begins, or may begin
// once more bytes are there.
func gapBefore(buf []byte, mark string) int {
	for i := 0; i < len(buf); i++ {
		n := min(len(buf)-i, len(mark))
		if string(buf[i:i+n]) == mark[:n] {
			return i
		}
		if next := bytes.IndexByte(buf[i+1:], mark[0]); next >= 0 {
			i += next
			continue
		}
		break
	}
	return len(buf)
}
