// Package turns measures contenders side by side on a machine that is not quiet: they take
// short turns, so that what disturbs the machine disturbs them all, and medians over many
// turns are reported. Ratios are medians of the ratios of turns that followed each other.
package turns

import (
	"slices"
	"testing"
	"time"
)

// Contender is one of those who are compared.
type Contender struct {
	Name string
	Run  func(n int) error // does it n times
}

// Race lets all contenders take b.N turns of about the given length each, and reports the
// median of each in nanoseconds, as "NAME-ns", and the first one's ratio to each of the
// others, as "FIRST/NAME". "NAME-cpu" is the processor time, of all the process's threads
// together, in nanoseconds: on a machine that others use it says more than the time.
func Race(b *testing.B, length time.Duration, all []Contender) {
	b.Helper()
	counts := make([]int, len(all))
	for i, c := range all {
		counts[i] = calibrate(b, length, c)
	}
	times, cpus := make([][]float64, len(all)), make([][]float64, len(all))
	for b.Loop() {
		for i, c := range all {
			before := cpu()
			times[i] = append(times[i], turn(b, c, counts[i]))
			cpus[i] = append(cpus[i], float64(cpu()-before)/float64(counts[i]))
		}
	}
	b.ReportMetric(0, "ns/op") // a turn of all together says nothing
	for i, c := range all {
		b.ReportMetric(median(times[i]), c.Name+"-ns")
		b.ReportMetric(median(cpus[i]), c.Name+"-cpu")
		if i > 0 {
			b.ReportMetric(median(quotients(times[0], times[i])), all[0].Name+"/"+c.Name)
		}
	}
}

// calibrate returns how often the contender does it in a turn. It takes the best of three, as the
// first turns are slow: connections and pools are cold then, and a contender who is measured by
// fewer at once pays more for each.
func calibrate(b *testing.B, length time.Duration, c Contender) (most int) {
	b.Helper()
	for range 3 {
		for n := 1; ; n *= 2 {
			if took := turn(b, c, n) * float64(n); took > float64(length)/2 || n > 1<<24 {
				most = max(most, 1, int(float64(n)*float64(length)/took))
				break
			}
		}
	}
	return most
}

// turn returns the nanoseconds of one of n times.
func turn(b *testing.B, c Contender, n int) float64 {
	b.Helper()
	start := time.Now()
	if err := c.Run(n); err != nil {
		b.Fatalf("%s: %v", c.Name, err)
	}
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}

func quotients(a, b []float64) []float64 {
	q := make([]float64, len(a))
	for i := range a {
		q[i] = a[i] / b[i]
	}
	return q
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
