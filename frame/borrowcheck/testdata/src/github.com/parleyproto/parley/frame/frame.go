// Package frame has the signatures of the real package that the check knows.
package frame

import (
	"io"
	"iter"
)

type Format interface{}

type Reader struct{ MaxFrame int }

func NewReader(src io.Reader, f Format) *Reader    { return new(Reader) }
func (r *Reader) Next() ([]byte, error)            { return nil, nil }
func (r *Reader) NextReader() (io.Reader, error)   { return nil, nil }
func (r *Reader) Frames() iter.Seq2[[]byte, error] { return nil }
func (r *Reader) Buffered() []byte                 { return nil }
func (r *Reader) SetFormat(f Format)               {}

type Decoder struct{ MaxFrame int }

func NewDecoder(f Format) *Decoder              { return new(Decoder) }
func (d *Decoder) Write(p []byte) (int, error)  { return len(p), nil }
func (d *Decoder) Next() ([]byte, error)        { return nil, nil }
func (d *Decoder) Piece() ([]byte, bool, error) { return nil, false, nil }
func (d *Decoder) Space(min int) []byte         { return nil }
func (d *Decoder) Wrote(n int)                  {}
