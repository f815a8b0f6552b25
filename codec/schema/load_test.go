package schema_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/codec/schema"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the expected mistakes in testdata")

// All mistakes of a package come at once, with position, subject and advice.
func TestMistakes(t *testing.T) {
	for _, name := range []string{"bad", "broken", "headless", "endless"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("testdata", name)
			_, err := schema.Load(dir, ".")
			var mistakes schema.Errors
			if !errors.As(err, &mistakes) {
				t.Fatalf("want schema.Errors, got %v", err)
			}
			golden := filepath.Join(dir, "mistakes.txt")
			got := err.Error() + "\n"
			if *rewrite {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadWithoutSchema(t *testing.T) {
	t.Parallel()
	_, err := schema.Load("testdata/plain", ".")
	var none *schema.NoSchemaError
	if !errors.As(err, &none) {
		t.Errorf("want a NoSchemaError, got %v", err)
	}
}

// The guide's examples are a schema without mistakes.
func TestGuide(t *testing.T) {
	t.Parallel()
	protocols, err := schema.Load("testdata/guide", ".")
	if err != nil {
		t.Fatal(err)
	}
	p := protocols[0]
	if !p.IsText(1) || p.IsText(2) || len(p.MessagesAt(3)) != 2 {
		t.Errorf("got %+v", p)
	}
	reading := p.Messages[0]
	var names []string
	for _, f := range reading.At(3) {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"Sensor", "Milli", "At", "Note"}, names); diff != "" {
		t.Errorf("fields of version 3:\n%s", diff)
	}
	if got, want := reading.PayloadSizes(2), (schema.Sizes{Min: 18, Max: 82}); got != want {
		t.Errorf("sizes in version 2: %v, want %v", got, want)
	}
}
