package main

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
)

// sink writes each reading as one JSON line, with one Write a line: when write returns, the
// line has left this process, so a reading is acknowledged only after that. Safe for
// concurrent use.
type sink struct {
	mu    sync.Mutex
	w     io.Writer
	buf   []byte
	lines uint64
}

// line is what stands in the output for one reading.
type line struct {
	Device string    `json:"device"`
	Sensor string    `json:"sensor"`
	N      uint64    `json:"n"`
	At     time.Time `json:"at"`
	Value  float64   `json:"value"`
	Unit   string    `json:"unit,omitempty"`
}

func (s *sink) write(r *telemetry.Reading) error {
	text, err := json.Marshal(line{r.Device, r.Sensor, r.N, r.At, r.Value, r.Unit})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = append(append(s.buf[:0], text...), '\n')
	if _, err := s.w.Write(s.buf); err != nil {
		return err
	}
	s.lines++
	return nil
}

// count returns how many lines were written.
func (s *sink) count() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines
}
