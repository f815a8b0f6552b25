package transport

import (
	"errors"
	"fmt"
	"net"
)

// EndpointError is an address in Config.Endpoints that cannot be dialled.
type EndpointError struct {
	Endpoint string
	Err      error // what is wrong with it
}

func (e *EndpointError) Error() string {
	return fmt.Sprintf("transport: Config.Endpoints: %q is not host:port: %v", e.Endpoint, e.Err)
}

// Unwrap returns the cause.
func (e *EndpointError) Unwrap() error { return e.Err }

var errPort = errors.New("the port must be a number from 1 to 65535, or the name of a service")

// checkEndpoint tells what is wrong with an address, as far as that can be known without a network.
func checkEndpoint(endpoint string) error {
	_, port, err := net.SplitHostPort(endpoint)
	if err == nil {
		if n, wrong := net.LookupPort("tcp", port); wrong != nil || n == 0 {
			err = errPort
		}
	}
	if err != nil {
		return &EndpointError{Endpoint: endpoint, Err: err}
	}
	return nil
}
