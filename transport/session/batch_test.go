package session

import (
	"testing"
	"time"
)

// TestBatchLengthFollowsTheConnection: a connection that takes a full batch at once gets longer
// ones, up to 1 MiB, and short ones again after a slow write. Copied bytes stay at 64 KiB.
func TestBatchLengthFollowsTheConnection(t *testing.T) {
	const queue = 8 << 20
	payload := make([]byte, MaxFragment)
	fill := func(b *batch) (size int) {
		b.reset()
		for !b.full() {
			b.add(payload, nil, true)
		}
		return b.size
	}
	var b batch
	if n := fill(&b); n != maxBatch {
		t.Errorf("the first batch has %d bytes, want %d", n, maxBatch)
	}
	last := b.size
	for range 10 {
		b.timed(100*time.Microsecond, queue)
		if n := fill(&b); n < last || n > maxFastBatch {
			t.Fatalf("a batch of %d bytes after one of %d", n, last)
		}
		last = b.size
	}
	if last != maxFastBatch {
		t.Errorf("on a fast connection a batch has %d bytes, want %d", last, maxFastBatch)
	}
	b.timed(2*time.Millisecond, queue)
	if n := fill(&b); n != last {
		t.Errorf("after a write of 2 ms a batch has %d bytes, want %d still", n, last)
	}
	b.timed(slowWrite, queue)
	if n := fill(&b); n != maxBatch {
		t.Errorf("after a slow write a batch has %d bytes, want %d", n, maxBatch)
	}
	b.reset()
	b.add(payload[:100], nil, true)
	b.timed(0, queue)
	if b.longer != 0 {
		t.Error("a short batch that was fast made the next one longer")
	}
	fill(&b)
	b.timed(0, 256<<10)
	if b.longer != 0 {
		t.Error("a batch became longer than an eighth of a small queue")
	}
	b.timed(0, queue)
	b.reset()
	for !b.full() {
		b.add(payload[:100], nil, false)
	}
	if len(b.own) > maxBatch+100 {
		t.Errorf("%d bytes were copied into one batch, want %d at most", len(b.own), maxBatch)
	}
}
