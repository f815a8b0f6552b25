// Package textname says how Go's names are spelled in text payloads.
package textname

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Of returns name with its leading capitals in lower case: Reading → reading,
// URLList → urlList, ID → id.
func Of(name string) string {
	var b strings.Builder
	rest := name
	for rest != "" {
		r, n := utf8.DecodeRuneInString(rest)
		next, _ := utf8.DecodeRuneInString(rest[n:])
		if !unicode.IsUpper(r) || b.Len() > 0 && n < len(rest) && unicode.IsLower(next) {
			break
		}
		b.WriteRune(unicode.ToLower(r))
		rest = rest[n:]
	}
	return b.String() + rest
}
