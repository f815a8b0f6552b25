//go:build !unix

package turns

import "time"

// cpu is not measured here.
func cpu() time.Duration { return 0 }
