//parley:protocol telemetry versions=1-9 text=1

// Package telemetry is the example of the guide to codecs.
package telemetry

import "time"

//go:generate go run github.com/parleyproto/parley/cmd/parley gen .

// Reading is one sample of one sensor.
//
//parley:message 1
type Reading struct {
	Sensor  string    `parley:"v1+,max=64"`
	Celsius float64   `parley:"v1-v2"`
	Milli   int32     `parley:"v3+,from=Celsius"`
	At      time.Time `parley:"v2+"`
	Note    string    `parley:"v3+,lossy,default=none"`
}

// CelsiusToMilli and MilliToCelsius convert between a field and the one that replaced it.
func (m *Reading) CelsiusToMilli(celsius float64) (int32, error) {
	return int32(celsius * 1000), nil
}

func (m *Reading) MilliToCelsius(milli int32) (float64, error) {
	return float64(milli) / 1000, nil
}

// Page changes its representations.
//
//parley:message 2
type Page struct {
	Size  uint32  `parley:"v1-v2,u16;v3+,uvarint"`
	Topic *string `parley:"v1-v8,len=i16,nonnull;v9+,len=compact"`
}
