package sessiontest

import "errors"

// Shrink returns a short list of steps that breaks the same seed's simulation, for a list that
// does: it leaves out ever smaller runs of steps while something still breaks (the ddmin
// algorithm of Zeller and Hildebrandt), then makes the numbers smaller.
func Shrink(seed uint64, steps []Step) *Broken {
	worst := breaks(seed, steps)
	if worst == nil {
		return nil
	}
	for size := max(len(worst.Steps)/2, 1); ; size = size / 2 {
		worst = leaveOut(worst, size)
		if size <= 1 {
			break
		}
	}
	for i := range worst.Steps {
		for _, smaller := range []int{0, 1, 2, 16} {
			if smaller >= worst.Steps[i].A {
				break
			}
			try := append([]Step(nil), worst.Steps...)
			try[i].A = smaller
			if b := breaks(seed, try); b != nil && len(b.Steps) == len(try) {
				worst = b
				break
			}
		}
	}
	return worst
}

// leaveOut tries to do without each run of size steps.
func leaveOut(worst *Broken, size int) *Broken {
	for from := 0; from < len(worst.Steps); {
		try := append([]Step(nil), worst.Steps[:from]...)
		try = append(try, worst.Steps[min(from+size, len(worst.Steps)):]...)
		if b := breaks(worst.Seed, try); b != nil {
			worst = b
		} else {
			from += size
		}
	}
	return worst
}

func breaks(seed uint64, steps []Step) *Broken {
	_, err := Simulate(seed, steps)
	var b *Broken
	if errors.As(err, &b) {
		return b
	}
	return nil
}
