// Package serialization measures generated codecs beside the fastest public ones.
//
// The small struct and the rules are those of the public go_serialization_benchmarks: a
// 16-byte name, a time, a 10-byte phone, an int, a bool and a float64; 1,000 random values;
// a random pick inside the timed loop; the serialiser behind an interface. Two messages
// join it: a list of 100 small structs, and 1 MiB of bytes.
//
// Each entry works on its own type, filled from the same values before the clock starts, so
// that nobody pays for copying between types. Entries come in three kinds:
//
//	safe      a new buffer for each Marshal; decoded strings own their memory
//	reuse     Marshal appends to one buffer; decoded strings own their memory
//	aliasing  Marshal appends to one buffer; decoded strings share the input's memory
//
// They do not promise the same. Entry.Checks says what each one validates.
package serialization
