package web_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/web"
)

// serveWith serves pages with the certificate and the key in the files.
func serveWith(t *testing.T, files [2]string) (address string) {
	t.Helper()
	current, err := config.Web{CertFile: files[0], KeyFile: files[1]}.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	address = unused(t)
	pages, err := web.New(web.Options{Desk: desk.New(desk.Options{}), URL: "https://" + address, Listen: address, Certificate: current})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- pages.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	for range 500 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the pages do not answer")
	return ""
}
