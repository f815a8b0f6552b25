package codec_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/codec"
)

func TestJSONRoundTrip(t *testing.T) {
	c := codec.JSON(&reading{}, &alarm{})
	for _, test := range []struct {
		m    codec.Message
		want string
	}{
		{&reading{Sensor: "a\nb", Celsius: 1.5}, `{"type":"reading","sensor":"a\nb","celsius":1.5}`},
		{&alarm{}, `{"type":"alarm"}`},
	} {
		b, err := c.Append([]byte("x"), test.m)
		if err != nil || string(b) != "x"+test.want {
			t.Errorf("Append(%+v) = %s, %v, want x%s", test.m, b, err, test.want)
			continue
		}
		m, err := c.Decode(b[1:])
		if diff := cmp.Diff(test.m, m); err != nil || diff != "" {
			t.Errorf("Decode(%s): %v %s", b, err, diff)
		}
		for i := range b[1:] {
			if m, err := c.Decode(b[1 : 1+i]); !errors.As(err, new(*codec.DecodeError)) {
				t.Errorf("Decode(%s) = %+v, %v, want a DecodeError", b[1:1+i], m, err)
			}
		}
	}
}

func TestJSONRefuses(t *testing.T) {
	c := codec.JSON(&reading{})
	var unknown *codec.MessageError
	for _, m := range []codec.Message{nil, reading{}, (*reading)(nil), &alarm{}, 7} {
		if b, err := c.Append([]byte("x"), m); !errors.As(err, &unknown) || string(b) != "x" {
			t.Errorf("Append(%T) = %s, %v", m, b, err)
		}
	}
	if _, err := c.Decode([]byte(`{"type":"alarm"}`)); !errors.As(err, &unknown) || unknown.Name != "alarm" {
		t.Errorf("unknown name: %v", err)
	}
	for _, src := range []string{`{}`, `{"Type":"reading"}`, `{"type":7}`, `{"type":"reading"}{}`, `{"type":"reading","sensor":7}`, `[]`, `null`} {
		var de *codec.DecodeError
		if m, err := c.Decode([]byte(src)); !errors.As(err, &de) {
			t.Errorf("Decode(%s) = %+v, %v, want a DecodeError", src, m, err)
		}
	}
}

type typed struct {
	T string `json:"type"`
}

func TestJSONReportsBadTypes(t *testing.T) {
	type Reading struct{}
	for _, c := range []codec.Codec{codec.JSON(reading{}), codec.JSON(nil), codec.JSON(&reading{}, &Reading{}), codec.JSON(&typed{})} {
		if _, err := c.Append(nil, &reading{}); err == nil {
			t.Error("Append: no error for a bad list of types")
		}
		if _, err := c.Decode([]byte(`{"type":"reading"}`)); err == nil {
			t.Error("Decode: no error for a bad list of types")
		}
	}
}
