package gen_test

import (
	"fmt"

	"github.com/parleyproto/parley/codec/gen"
	"github.com/parleyproto/parley/codec/schema"
)

// Generate gives the files of a package; Write puts them there, Check compares.
func ExampleGenerate() {
	protocols, err := schema.Load("internal/zoo", ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	p := protocols[0]
	files, err := gen.Generate(p, gen.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range files {
		fmt.Println(f.Name)
	}
	fmt.Println(gen.Check(p.Dir, files))
	// Output:
	// zoo_parley.go
	// zoo_v0_parley.go
	// zoo_v1_parley.go
	// zoo_v2_parley.go
	// zoo_v3_parley.go
	// zoo_v4_parley.go
	// zoo_parley_test.go
	// <nil>
}
