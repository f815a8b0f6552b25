package transport

import (
	"context"
	"errors"
	"sync"
	"time"
)

// failures are what went wrong in one race. It is safe for concurrent use.
type failures struct {
	mu        sync.Mutex
	errs      []error
	endpoints []string           // in the order of their first failures
	of        map[string][]error // those of an endpoint
}

func (f *failures) add(endpoint string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = map[string][]error{}
	}
	if f.of[endpoint] == nil {
		f.endpoints = append(f.endpoints, endpoint)
	}
	f.of[endpoint] = append(f.of[endpoint], err)
	f.errs = append(f.errs, err)
}

// worst returns the failure that says most: the last one of the highest kind, with the others
// joined. Of several, retry is how long all servers together ask to wait.
func (f *failures) worst(retry time.Duration) error {
	if len(f.errs) == 0 {
		return &Error{Kind: Unreachable, Err: context.Canceled}
	}
	var worst *Error
	for _, err := range f.errs {
		var e *Error
		if errors.As(err, &e) && (worst == nil || e.Kind >= worst.Kind) {
			worst = e
		}
	}
	if len(f.errs) == 1 || worst == nil {
		return f.errs[0]
	}
	return &Error{Kind: worst.Kind, Retry: retry, Err: errors.Join(f.errs...)}
}
