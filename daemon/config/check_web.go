package config

import (
	"fmt"
	"net"
	"net/url"

	"github.com/countersign/countersign/internal/server"
)

// checkWeb looks at where the pages are. What is sent to them holds codes and
// sessions, so it is encrypted wherever it leaves this machine.
func checkWeb(c *Config, f *faults) {
	w := c.Web
	if w == (Web{}) {
		return
	}
	host, _, err := net.SplitHostPort(w.Listen)
	switch {
	case err != nil:
		f.err("web.listen", fmt.Sprintf("%q is not an address and a port", w.Listen), `Write listen = "127.0.0.1:8080" behind a proxy on this machine, or ":8443" with cert_file and key_file.`)
	case w.CertFile == "" && !server.Loopback(host):
		f.err("web.listen", fmt.Sprintf("would serve the pages in clear on %s", w.Listen), "Listen on 127.0.0.1 behind a proxy that does TLS, or give cert_file and key_file.")
	}
	checkURL(w, f)
	checkCertificate(w, f)
}

func checkURL(w Web, f *faults) {
	const form = "Write it as people type it: https://changes.example.com, with nothing behind the host."
	u, err := url.Parse(w.URL)
	switch {
	case err != nil:
		f.err("web.url", "cannot be read as a URL: "+reason(err), form)
	case u.Scheme != "https" && (u.Scheme != "http" || !server.Loopback(u.Hostname())):
		f.err("web.url", fmt.Sprintf("%q is not https", w.URL), form)
	case u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		f.err("web.url", fmt.Sprintf("%q is not a scheme and a host", w.URL), form)
	}
}

func checkCertificate(w Web, f *faults) {
	if (w.CertFile == "") != (w.KeyFile == "") {
		f.err("web.cert_file", "a certificate needs its key, and a key its certificate", "Give cert_file and key_file, or neither.")
		return
	}
	if w.CertFile == "" {
		return
	}
	if _, err := w.Certificate(); err != nil {
		f.err("web.cert_file", err.Error(), "Both files are PEM, and the daemon's user can read them.")
	}
	checkPrivate(f, "web.key_file", w.KeyFile)
}
