package fuzz_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz"
)

// The sample protocol: frames with a magic number, a 16-bit length and at most
// 200 bytes of payload: a kind, a sequence number of 2 bytes, a uvarint count, a
// text, and a CRC-32 of all that.
var sampleFormat = frame.LengthField{Offset: 2, Size: 2, Strip: 4, Magic: "\xCA\xFE"}

const sampleLimit = 200

func samplePayload(kind byte, seq uint16, text string) []byte {
	p := binary.BigEndian.AppendUint16([]byte{kind}, seq)
	p = binary.AppendUvarint(p, uint64(len(text)))
	p = append(p, text...)
	return append(p, 0, 0, 0, 0)
}

func repairSample(p []byte) {
	if n := len(p) - 4; n >= 0 {
		binary.BigEndian.PutUint32(p[n:], crc32.ChecksumIEEE(p[:n]))
	}
}

func sampleFields(p []byte) []fuzz.Field {
	_, n := binary.Uvarint(p[min(3, len(p)):])
	return []fuzz.Field{
		{Off: 0, Len: 1, Kind: fuzz.Bytes},
		{Off: 1, Len: 2, Kind: fuzz.BigEndian},
		{Off: 3, Len: max(n, 0), Kind: fuzz.Uvarint},
		{Off: len(p) - 4, Len: 4, Kind: fuzz.Checksum},
	}
}

var sampleLayout = fuzz.Layout{Format: sampleFormat, Fields: sampleFields, Repair: repairSample, MaxPayload: sampleLimit}

func samples() [][]byte {
	all := [][]byte{samplePayload(1, 1, "hello"), samplePayload(2, 2, ""), samplePayload(3, 0xffff, "some more text")}
	for _, p := range all {
		repairSample(p)
	}
	return all
}

// readSample reads the sample protocol's stream and says what it saw. It has
// the fault that is named.
func readSample(stream []byte, fault string) (seen []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	for len(stream) > 0 {
		if !bytes.HasPrefix(stream, []byte("\xCA\xFE")) {
			skip := 1 + bytes.Index(stream[1:], []byte("\xCA\xFE"))
			if skip == 0 {
				return append(seen, "rubbish at the end"), nil
			}
			if fault == "resync goes one byte too far" {
				skip++
			}
			stream = stream[min(skip, len(stream)):]
			seen = append(seen, "rubbish")
			continue
		}
		if len(stream) < 4 {
			return seen, io.ErrUnexpectedEOF
		}
		size := int(binary.BigEndian.Uint16(stream[2:]))
		if fault == "size wraps" {
			size = int(uint16(size+4)) - 4
		}
		limit := sampleLimit
		if fault == "limit one too high" {
			limit++
		}
		switch {
		case size > limit:
			return seen, fmt.Errorf("too large")
		case size == 0 && fault == "an empty frame ends the stream":
			return seen, nil
		case len(stream)-4 < size:
			return seen, io.ErrUnexpectedEOF
		}
		seen = append(seen, readSamplePayload(stream[4:4+size], fault))
		stream = stream[4+size:]
	}
	return seen, nil
}

func readSamplePayload(p []byte, fault string) string {
	n := len(p) - 4
	if n < 0 {
		return "short"
	}
	if sum := crc32.ChecksumIEEE(p[:n]); sum != binary.BigEndian.Uint32(p[n:]) && fault != "checksum not looked at" {
		return "bad sum"
	}
	if n < 4 {
		return "short"
	}
	seq := binary.BigEndian.Uint16(p[1:])
	if fault == "sequence is signed" && seq > 0x7fff {
		seq = 0
	}
	count, used := binary.Uvarint(p[3:n])
	if used <= 0 || used > 1 && p[3+used-1] == 0 && fault != "leading zeros accepted" {
		return "bad count"
	}
	text := p[3+used : n]
	if count != uint64(len(text)) && !(fault == "count compared in 8 bits" && byte(count) == byte(len(text))) {
		return "wrong count"
	}
	return fmt.Sprintf("%d %d %q", p[0], seq, text)
}

// inputsUntilFound tells after how many inputs a fault shows, 0 if it never did.
func inputsUntilFound(fault string, inputs [][]byte, stream func(input []byte) []byte) int {
	for i, input := range inputs {
		data := stream(input)
		want, wantErr := readSample(data, "")
		got, err := readSample(data, fault)
		if !slices.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			return i + 1
		}
	}
	return 0
}

// structured mutates frames, blind flips and cuts the bytes of the same stream.
func structured(input []byte) []byte {
	return bytes.Join(fuzz.MutateFrames(fuzz.NewSource(input), samples(), sampleLayout, 3), nil)
}

func blind(input []byte) []byte {
	var stream []byte
	for _, p := range samples() {
		stream, _ = sampleFormat.AppendFrame(stream, p)
	}
	s := fuzz.NewSource(input)
	for range 1 + s.Choose(3) {
		switch i := s.Choose(len(stream)); s.Choose(3) {
		case 0:
			stream[i] = byte(s.Choose(256))
		case 1:
			stream = slices.Insert(stream, i, s.Payload(300)...)
		case 2:
			stream = slices.Delete(stream, i, min(i+s.Choose(20), len(stream)-1))
		}
	}
	return stream
}

func TestMutateFramesFindsPlantedFaults(t *testing.T) {
	inputs := randomScripts(8000, 200)
	deep := 0 // faults that only the structure finds
	for _, fault := range []string{
		"resync goes one byte too far", "size wraps", "limit one too high", "an empty frame ends the stream",
		"checksum not looked at", "sequence is signed", "leading zeros accepted", "count compared in 8 bits",
	} {
		n, control := inputsUntilFound(fault, inputs, structured), inputsUntilFound(fault, inputs, blind)
		t.Logf("%-32s found by input %d; by blind changes: %d", fault, n, control)
		if n == 0 {
			t.Errorf("%s: not found", fault)
		}
		if n > 0 && control == 0 {
			deep++
		}
	}
	if deep == 0 {
		t.Error("blind changes find everything: the structure is of no use")
	}
}

func TestMutateFramesKeepsItsSamples(t *testing.T) {
	mine := samples()
	for _, input := range randomScripts(300, 200) {
		fuzz.MutateFrames(fuzz.NewSource(input), mine, sampleLayout, 5)
	}
	if !slices.EqualFunc(mine, samples(), bytes.Equal) {
		t.Error("the samples were modified")
	}
}

// Most streams are sound enough to be read to the end: the changes come past
// the framing.
func TestMutateFramesRepairs(t *testing.T) {
	sound := 0
	inputs := randomScripts(400, 200)
	for _, input := range inputs {
		if seen, err := readSample(structured(input), ""); err == nil && !slices.Contains(seen, "bad sum") {
			sound++
		}
	}
	if part := float64(sound) / float64(len(inputs)); part < 0.4 || part > 0.9 {
		t.Errorf("%.0f %% of the streams are sound", 100*part)
	}
}

// Every format can be mutated: those that stuff bytes, keep state, or cannot
// carry every payload too.
func FuzzMutateFrames(f *testing.F) {
	f.Add(uint8(0), []byte{3, 1, 2, 3, 4, 5, 6, 7})
	formats := []frame.Format{
		frame.Uint32BE, frame.Uint8, frame.LF, frame.Uvarint, frame.COBS, sampleFormat,
		frame.CRC32C{Format: frame.Uint16LE}, frame.LengthField{}, // the last is wrong: no frames
	}
	f.Fuzz(func(t *testing.T, which uint8, decisions []byte) {
		l := fuzz.Layout{Format: formats[int(which)%len(formats)], MaxPayload: int(which) * 3}
		if which%2 == 1 { // fields of every kind, some beyond the payload
			l.Fields = func(p []byte) []fuzz.Field {
				return []fuzz.Field{
					{Off: 1, Len: 4, Kind: fuzz.LittleEndian}, {Off: 0, Len: 3, Kind: fuzz.BigEndian},
					{Off: 0, Len: 1, Kind: fuzz.Uvarint}, {Off: len(p) - 2, Len: 2, Kind: fuzz.Checksum},
					{Off: 2, Len: 9, Kind: fuzz.BigEndian}, {Off: -1, Len: 1}, {Off: 0, Len: 0}, {Off: 1 << 30, Len: 2},
				}
			}
		}
		frames := fuzz.MutateFrames(fuzz.NewSource(decisions), [][]byte{[]byte("a"), {}, []byte("some text")}, l, 4)
		if len(frames) > 100 {
			t.Fatalf("%d frames", len(frames))
		}
		again := fuzz.MutateFrames(fuzz.NewSource(decisions), [][]byte{[]byte("a"), {}, []byte("some text")}, l, 4)
		if !slices.EqualFunc(frames, again, bytes.Equal) {
			t.Fatal("the same decisions gave another stream")
		}
	})
}
