package fuzz_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/parleyproto/parley/fuzz"
	"github.com/parleyproto/parley/fuzz/internal/recorder"
)

// A faultyReader reads frames of one length byte, two for the lengths from
// 128, and a body. A planted fault is chosen by its name.
type faultyReader struct {
	r     io.Reader
	fault string
	buf   []byte
	done  error
}

// more reads once.
func (f *faultyReader) more() error {
	if f.done != nil {
		return f.done
	}
	p := make([]byte, 64)
	n, err := f.r.Read(p)
	if f.fault == "keeps scratch" {
		f.buf = append(f.buf, p[:n:n]...)
		if n > 0 && n < len(p) && p[n] != 0 {
			f.buf[len(f.buf)-1] = p[n]
		}
	} else {
		f.buf = append(f.buf, p[:n]...)
	}
	switch {
	case f.fault == "drops data with EOF" && err == io.EOF:
		f.buf = f.buf[:len(f.buf)-n]
	case f.fault == "empty read ends the stream" && n == 0 && err == nil:
		err = io.EOF
	case f.fault == "ignores EOF" && err == io.EOF:
		err = nil
	case f.fault == "loses read errors" && err != nil:
		err = io.EOF
	}
	if n > 0 && err != nil {
		f.done, err = err, nil
	}
	return err
}

func (f *faultyReader) need(n int) error {
	for len(f.buf) < n {
		if err := f.more(); err != nil {
			if err == io.EOF && len(f.buf) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if f.fault == "short read taken for the body" && n > 2 && len(f.buf) > 2 {
			return nil
		}
	}
	return nil
}

func (f *faultyReader) next() ([]byte, error) {
	if f.fault == "drops frames before an error" && len(f.buf) > 0 {
		if err := f.more(); err != nil && err != io.EOF {
			return nil, err
		}
	}
	if err := f.need(1); err != nil {
		return nil, err
	}
	header, size := 1, int(f.buf[0])
	if size >= 128 {
		if f.fault == "header ends at a chunk's edge" && len(f.buf) == 1 {
			f.buf = append(f.buf, 0)
		}
		if err := f.need(2); err != nil {
			return nil, err
		}
		header, size = 2, int(binary.BigEndian.Uint16(f.buf)&0x7fff)
	}
	if err := f.need(header + size); err != nil {
		return nil, err
	}
	end := min(header+size, len(f.buf))
	body := bytes.Clone(f.buf[header:end])
	f.buf = f.buf[end:]
	return body, nil
}

func decodeWith(fault string) func(io.Reader) ([][]byte, error) {
	return func(r io.Reader) ([][]byte, error) {
		f := &faultyReader{r: r, fault: fault}
		var frames [][]byte
		for {
			p, err := f.next()
			if err == io.EOF {
				return frames, nil
			}
			if err != nil {
				return frames, err
			}
			frames = append(frames, p)
		}
	}
}

func sampleStream() []byte {
	var data []byte
	for _, n := range []int{3, 0, 130, 1, 20} {
		if n >= 128 {
			data = binary.BigEndian.AppendUint16(data, uint16(n)|0x8000)
		} else {
			data = append(data, byte(n))
		}
		for i := range n {
			data = append(data, byte('a'+i%26))
		}
	}
	return data
}

func TestCheckSplitPassesARightDecoder(t *testing.T) {
	whole := sampleStream()
	for _, data := range [][]byte{whole, whole[:len(whole)-3], nil, {0x80}} {
		if msg := recorder.Run(func(t testing.TB) { fuzz.CheckSplit(t, data, decodeWith("")) }); msg != "" {
			t.Errorf("%d bytes: %s", len(data), msg)
		}
	}
}

func TestCheckSplitFindsPlantedFaults(t *testing.T) {
	for fault, want := range map[string]string{
		"header ends at a chunk's edge": "ORACLE split ",
		"short read taken for the body": "ORACLE split events differ\n",
		"drops data with EOF":           "ORACLE split ",
		"empty read ends the stream":    "ORACLE split ",
		"ignores EOF":                   "ORACLE progress decoder reads on after the end\n",
		"loses read errors":             "ORACLE split read error lost\n",
		"drops frames before an error":  "ORACLE split events before a read error differ\n",
		"keeps scratch":                 "ORACLE split events differ\n",
	} {
		t.Run(fault, func(t *testing.T) {
			msg := recorder.Run(func(t testing.TB) { fuzz.CheckSplit(t, sampleStream(), decodeWith(fault)) })
			if !strings.HasPrefix(msg, want) {
				t.Errorf("got %q, want a message that starts with %q", msg, want)
			}
		})
	}
}

// The plan that failed and the place stand in the message, to be run alone.
func TestCheckSplitNamesThePlan(t *testing.T) {
	decode := func(r io.Reader) ([]string, error) {
		p := make([]byte, 100)
		n, _ := r.Read(p)
		return []string{string(p[:n])}, nil
	}
	msg := recorder.Run(func(t testing.TB) {
		fuzz.CheckSplit(t, []byte("abc"), decode, fuzz.Plan{Sizes: []int{2}, WithEOF: true})
	})
	for _, want := range []string{"plan 2,rest +EOF, event 0 of 1", " got ab\n", "want abc\n"} {
		if !strings.Contains(msg, want) {
			t.Errorf("%q does not contain %q", msg, want)
		}
	}
}

func TestCheckSplitComparesErrors(t *testing.T) {
	decode := func(r io.Reader) ([]int, error) {
		p := make([]byte, 10)
		n, _ := r.Read(p)
		_, err := io.Copy(io.Discard, r)
		return nil, errors.Join(err, fmt.Errorf("stopped after %d", n))
	}
	msg := recorder.Run(func(t testing.TB) { fuzz.CheckSplit(t, []byte("abcdef"), decode) })
	if !strings.HasPrefix(msg, "ORACLE split errors differ\n") {
		t.Errorf("got %q", msg)
	}
}
