//parley:protocol telemetry versions=1-3 text=1

// Package telemetry is the protocol that beacon's devices and servers speak. The structs
// below describe all of its versions; the other files are generated from them, but for
// telemetry.parley.lock, which holds the layouts of the released versions.
//
//	version  dialect          a reading's fields
//	1        JSON lines       device, sensor, n, at, value
//	2        binary           the same, and unit
//	3        binary           value became milli, thousandths in a varint; and labels
package telemetry

import (
	"errors"
	"math"
	"time"
)

//go:generate go run github.com/parleyproto/parley/cmd/parley gen .

// Limits of a Reading's fields.
const (
	MaxName   = 64   // bytes in Device, in Sensor and in a label's Key and Value
	MaxUnit   = 16   // bytes in Unit
	MaxValue  = 9e15 // magnitude of Value: a thousandth still counts in 64 bits
	MaxLabels = 16
)

// Reading is one sample of one sensor. Its value stands in Value or in Milli: who sends sets
// one of them, who receives finds both.
//
//parley:message 1
type Reading struct {
	Device string    `parley:"v1+,max=64"`                                                             // who measured
	Sensor string    `parley:"v1+,max=64"`                                                             // what was measured
	N      uint64    `parley:"v1-v2;v3+,uvarint"`                                                      // the device's own count of its readings
	At     time.Time `parley:"v1+"`                                                                    // when
	Value  float64   `parley:"v1-v2,min=-9e15,max=9e15"`                                               // how much
	Milli  int64     `parley:"v3+,zigzag,min=-9000000000000000000,max=9000000000000000000,from=Value"` // how much, in thousandths
	Unit   string    `parley:"v2+,max=16,lossy"`                                                       // of what
	Labels []Label   `parley:"v3+,max=16,lossy"`                                                       // anything else
}

// Label is a name with a value.
type Label struct {
	Key   string `parley:"v3+,max=64"`
	Value string `parley:"v3+,max=64"`
}

var errMagnitude = errors.New("telemetry: the value is beyond ±MaxValue")

// ValueToMilli rounds a value to thousandths.
func (*Reading) ValueToMilli(value float64) (int64, error) {
	if !(math.Abs(value) <= MaxValue) {
		return 0, errMagnitude
	}
	return int64(math.Round(value * 1000)), nil
}

// MilliToValue is the inverse of ValueToMilli.
func (*Reading) MilliToValue(milli int64) (float64, error) {
	if milli < -MaxValue*1000 || milli > MaxValue*1000 {
		return 0, errMagnitude
	}
	return float64(milli) / 1000, nil
}
