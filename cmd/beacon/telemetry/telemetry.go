// Package telemetry is the protocol that beacon's devices and servers speak.
//
//	version  dialect              Reading's fields
//	1        JSON lines           device, sensor, n, at, value
//	2        length-prefixed      the same, and unit
package telemetry

import (
	"time"

	"github.com/parleyproto/parley/codec"
)

// Limits of a Reading's fields.
const (
	MaxName  = 64   // bytes in Device and in Sensor
	MaxUnit  = 16   // bytes in Unit
	MaxValue = 9e15 // magnitude of Value: a thousandth still counts in 64 bits
)

// Reading is one sample of one sensor.
type Reading struct {
	Device string    `json:"device"` // who measured
	Sensor string    `json:"sensor"` // what was measured
	N      uint64    `json:"n"`      // the device's own count of its readings
	At     time.Time `json:"at"`     // when
	Value  float64   `json:"value"`  // how much
	Unit   string    `json:"-"`      // of what; versions before 2 do not carry it
}

// Protocol lists the versions of telemetry.
var Protocol = &codec.Protocol{
	Name: "telemetry",
	Releases: []codec.Release{
		{Version: 1, Codec: codec.JSON((*Reading)(nil)), Text: true, Frozen: true},
		{Version: 2, Codec: binaryCodec{}, Frozen: true, MaxSize: 512},
	},
}
