package natsearch_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/natsearch"
)

func ExampleConfig_Install() {
	cfg := &transport.Config{Endpoints: []string{"server:7000"}, Protocol: notes}
	memory := natsearch.Config{Max: 15 * time.Minute}.Install(cfg)
	// client, err := transport.Dial(cfg) …
	_, settled := memory.Found("server:7000")
	fmt.Println(settled)
	// Output: false
}

// What was found is kept in a file while the process does not run.
func ExampleMemory_Learn() {
	file := []byte(`{"server:7000":{"interval":335000000000,"since":"2026-01-02T03:04:05Z"}}`)

	cfg := &transport.Config{Endpoints: []string{"server:7000"}, Protocol: notes}
	memory := natsearch.Config{}.Install(cfg)
	var known map[string]natsearch.Known
	if err := json.Unmarshal(file, &known); err == nil { // without, the search begins anew
		memory.Learn(known)
	}
	// client, err := transport.Dial(cfg) …
	fmt.Println(memory.Found("server:7000"))

	// And later:
	file, _ = json.Marshal(memory.Known())
	fmt.Println(string(file))
	// Output:
	// 5m35s true
	// {"server:7000":{"interval":335000000000,"since":"2026-01-02T03:04:05Z"}}
}
