// Package prop makes gopter properties fuzzable.
//
// gopter draws its values from a random generator; `go test -fuzz` looks for
// bytes that reach new code. Here the bytes are the random generator, so that
// the engine steers what the property's generators make, keeps what was
// interesting in its corpus, and makes a failing input smaller:
//
//	input: size  8 bytes  8 bytes  8 bytes …
//	        │       └────────┴────────┴── math/rand.Source64 under the generators
//	        └── MaxSize: lengths of slices and strings, number of commands
//
// A property that stands as a gopter test needs one more line to be a fuzz
// target:
//
//	func FuzzReverse(f *testing.F) { f.Fuzz(prop.Target(reverseTwice)) }
//
// Commands is the other way about: a fuzz.Machine as gopter commands.
package prop
