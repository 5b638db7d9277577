package web_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
)

// A certificate for this machine, made anew each time.
func certificate(t *testing.T, number int64) (certPEM, keyPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(number), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// nginxExample is what the manual says to put into nginx' configuration.
func nginxExample(t *testing.T) string {
	t.Helper()
	manual, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```nginx\n(.*?)```").FindStringSubmatch(string(manual))
	if example == nil {
		t.Fatal("the manual has no example for nginx")
	}
	return example[1]
}

// A proxy is Debian's nginx, set up as the manual says but for where things are.
type proxy struct {
	folder string
	stop   func()
}

func (h *house) nginx(address, upstream string) *proxy {
	h.t.Helper()
	p := &proxy{folder: h.t.TempDir()}
	cert, key := certificate(h.t, 1)
	at := func(name string) string { return filepath.Join(p.folder, name) }
	h.must(os.WriteFile(at("cert.pem"), cert, 0o600))
	h.must(os.WriteFile(at("key.pem"), key, 0o600))
	here := strings.NewReplacer(
		"listen 443 ssl http2", "listen "+address+" ssl http2", "/etc/ssl/changes.example.com.pem", at("cert.pem"), "/etc/ssl/private/changes.example.com.key", at("key.pem"),
		"/var/log/nginx/countersign.log", at("access.log"), "/var/log/nginx/countersign-error.log", at("error.log"), "http://127.0.0.1:8080", upstream,
	).Replace(nginxExample(h.t))
	config := fmt.Sprintf("daemon off;\npid %s;\nerror_log %s;\nevents {}\nhttp {\nclient_body_temp_path %s;\nproxy_temp_path %s;\nfastcgi_temp_path %s;\nuwsgi_temp_path %s;\nscgi_temp_path %s;\n%s}\n",
		at("pid"), at("main.log"), at("body"), at("proxy"), at("fastcgi"), at("uwsgi"), at("scgi"), here)
	if os.Getuid() == 0 {
		config = "user root;\n" + config
	}
	h.must(os.WriteFile(at("nginx.conf"), []byte(config), 0o600))
	ctx, cancel := context.WithCancel(h.t.Context())
	nginx := exec.CommandContext(ctx, "/usr/sbin/nginx", "-c", at("nginx.conf"), "-p", p.folder, "-e", at("main.log"))
	nginx.Cancel = func() error { return nginx.Process.Signal(os.Interrupt) }
	h.must(nginx.Start())
	p.stop = func() { cancel(); nginx.Wait() } //nolint:errcheck // it was told to end
	h.t.Cleanup(p.stop)
	for range 500 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return p
		}
		time.Sleep(10 * time.Millisecond)
	}
	log, _ := os.ReadFile(at("main.log"))
	h.t.Fatalf("nginx does not answer: %s", log)
	return nil
}

// written is all that the proxy has written down.
func (p *proxy) written(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{"access.log", "error.log", "main.log"} {
		text, err := os.ReadFile(filepath.Join(p.folder, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// unused is an address at which nobody listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Behind nginx as the manual sets it up, Carol refuses the change over TLS. No
// token, code or session is written down there, not even when we are away, and
// none goes on to another page as a referrer.
func TestBehindNginx(t *testing.T) {
	address := unused(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := openHouse(t, listener, "https://"+address)
	p := h.nginx(address, "http://"+listener.Addr().String())
	h.proposed()
	link := h.link("cto@example.com", policy.AskAuthorization)
	carol := h.visitor()
	carol.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true} //nolint:gosec // made just now
	carol.open(link).is(http.StatusOK)
	if got := carol.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("referrers go on: %q", got)
	}
	if got := carol.header.Get("Strict-Transport-Security"); got == "" {
		t.Error("browsers are not told to stay with TLS")
	}
	carol.send("REJECT", map[string]string{"Reason": "not before the audit"}).says("Type the code")
	answer := carol.at.Path
	code := h.code("cto@example.com", policy.CodeAnswer)
	carol.send("", typed(code)).is(http.StatusOK).says("Your answer is counted")
	h.stands(policy.StateRejected)
	var secrets []string
	for _, c := range carol.client.Jar.Cookies(carol.at) {
		if !strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("the cookie %s can be set by others", c.Name)
		}
		secrets = append(secrets, c.Value)
	}
	if len(secrets) != 2 {
		t.Errorf("the browser holds %d cookies", len(secrets))
	}
	ask := h.visitor()
	ask.client.Transport = carol.client.Transport
	ask.open(h.url+"/sign-in").send("", map[string]string{"address": "itd@example.com"})
	h.step()
	signIn := h.link("itd@example.com", policy.CodeSignIn)
	ask.open(signIn).says("Press the button")
	listener.Close() // we are away
	carol.client.CloseIdleConnections()
	carol.open(link)

	p.stop()
	log := p.written(t)
	if !strings.Contains(log, `"GET /b/`) || !strings.Contains(log, `"POST /answers/-"`) {
		t.Errorf("nginx wrote down something else than what happened:\n%s", log)
	}
	last := func(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
	for _, secret := range append(secrets, last(link), last(signIn), last(answer), code) {
		if strings.Contains(log, secret) {
			t.Errorf("nginx wrote down %q:\n%s", secret, log)
		}
	}
}

// With a certificate of its own, the daemon serves the pages by TLS, and takes a
// renewed certificate without being told.
func TestOwnCertificate(t *testing.T) {
	folder := t.TempDir()
	files := [2]string{filepath.Join(folder, "pages.pem"), filepath.Join(folder, "pages.key")}
	renew := func(number int64, at time.Time) {
		cert, key := certificate(t, number)
		for i, content := range [][]byte{cert, key} {
			if err := os.WriteFile(files[i], content, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(files[i], at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	renew(1, time.Now().Add(-time.Hour))
	address := serveWith(t, files)
	if got := serial(t, address); got != 1 {
		t.Errorf("the certificate is number %d", got)
	}
	renew(2, time.Now())
	if got := serial(t, address); got != 2 {
		t.Errorf("after renewal the certificate is number %d", got)
	}
	if err := os.WriteFile(files[0], []byte("half a certifi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(t, address); got != 2 {
		t.Errorf("while the new one is not whole the certificate is number %d", got)
	}
}

// serial is the number of the certificate that is shown there.
func serial(t *testing.T, address string) int64 {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // made just now
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}
