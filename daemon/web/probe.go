package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

const probeTime = 10 * time.Second

// Probe says who answers where people look for the pages. Nobody does before the
// daemon runs, so that is no fault.
func Probe(ctx context.Context, url string) string {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, url+stylePath, nil)
	if err != nil {
		return err.Error()
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		if network, ok := errors.AsType[*net.OpError](err); ok {
			err = network
		}
		return fmt.Sprintf("nobody answers at %s yet (%v); serve does, and the proxy before it, if there is one", url, err)
	}
	response.Body.Close() //nolint:errcheck // it has none
	switch {
	case response.StatusCode == http.StatusOK && response.Header.Get("Content-Type") == styleType:
		return url + " answers"
	case response.StatusCode >= http.StatusBadGateway:
		return fmt.Sprintf("a proxy answers at %s, and nobody behind it (%s); serve does", url, response.Status)
	default:
		return fmt.Sprintf("%s answers %s: another program, or another version of this one", url, response.Status)
	}
}
