package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
	"github.com/parleyproto/parley/frame"
)

// maxLine bounds one line that a person pipes in.
const maxLine = 64 << 10

// lineError tells which line of the input is not a reading, and why.
type lineError struct {
	Line int // from 1
	Err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *lineError) Unwrap() error { return e.Err }

// readLines reads JSON lines from r and calls got for each reading and bad for each line
// that is not one, until r ends, r fails or got returns an error. Blank lines are passed over.
// A last line without LF counts. A line over maxLine bytes is a bad line; the rest goes on.
func readLines(r io.Reader, device string, now func() time.Time, got func(*telemetry.Reading) error, bad func(error)) error {
	lines := frame.NewReader(r, frame.LF)
	lines.MaxFrame = maxLine
	lines.Oversize = frame.Skip
	var n uint64
	for line := 1; ; line++ {
		text, err := lines.Next()
		var tooLong *frame.Error
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			text = lines.Buffered()
		case errors.As(err, &tooLong) && tooLong.Recoverable:
			bad(&lineError{line, err})
			continue
		case err != nil:
			return err
		}
		if len(bytes.TrimSpace(text)) > 0 {
			reading, perr := parseReading(text)
			if perr != nil {
				bad(&lineError{line, perr})
			} else {
				n++
				complete(reading, device, n, now)
				if gerr := got(reading); gerr != nil {
					return gerr
				}
			}
		}
		if err != nil {
			return nil
		}
	}
}

// parseReading reads one JSON object, for example {"sensor":"t1","value":21.5}.
func parseReading(text []byte) (*telemetry.Reading, error) {
	var in struct {
		Device string    `json:"device"`
		Sensor string    `json:"sensor"`
		N      uint64    `json:"n"`
		At     time.Time `json:"at"`
		Value  *float64  `json:"value"`
		Unit   string    `json:"unit"`
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, fmt.Errorf("not a reading: %w", err)
	}
	if dec.More() {
		return nil, errors.New("not a reading: more than one value on the line")
	}
	switch {
	case in.Sensor == "":
		return nil, errors.New(`not a reading: "sensor" is missing`)
	case in.Value == nil:
		return nil, errors.New(`not a reading: "value" is missing`)
	case len(in.Sensor) > telemetry.MaxName || len(in.Device) > telemetry.MaxName:
		return nil, fmt.Errorf("not a reading: a name is longer than %d bytes", telemetry.MaxName)
	case len(in.Unit) > telemetry.MaxUnit:
		return nil, fmt.Errorf("not a reading: the unit is longer than %d bytes", telemetry.MaxUnit)
	case math.Abs(*in.Value) > telemetry.MaxValue:
		return nil, fmt.Errorf("not a reading: the value is beyond ±%g", float64(telemetry.MaxValue))
	}
	return &telemetry.Reading{
		Device: in.Device, Sensor: in.Sensor, N: in.N, At: in.At, Value: *in.Value, Unit: in.Unit,
	}, nil
}

// complete fills in what the line left out.
func complete(r *telemetry.Reading, device string, n uint64, now func() time.Time) {
	if r.Device == "" {
		r.Device = device
	}
	if r.N == 0 {
		r.N = n
	}
	if r.At.IsZero() {
		r.At = now()
	}
}
