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
