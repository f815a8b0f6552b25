//go:build race

package frame

// poisoning overwrites a frame when its time is over, so that tests under the race detector
// catch who keeps a borrowed frame.
const poisoning = true

// loan is a frame that was returned and is still valid.
type loan struct{ frame []byte }

func (l *loan) begin(frame []byte) { l.frame = frame }

func (l *loan) end() {
	for i := range l.frame {
		l.frame[i] = 0xDB
	}
	l.frame = nil
}
