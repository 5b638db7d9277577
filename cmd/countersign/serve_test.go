package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// A shared buffer is written by the daemon and read by the test.
type shared struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await waits until it is so, and not for ever.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// The daemon starts, decides the mail that waits and the one that comes, and
// stops when it is told to; the change is then what its people were told.
func TestServe(t *testing.T) {
	o := settle(t)
	o.configure("[operator]", "[web]\nlisten = \"127.0.0.1:0\"\nurl = \"https://changes.example.com\"\n\n[operator]")
	deliver := func(subject string) {
		t.Helper()
		if err := o.Write(stage.Letter{From: "lead@example.com", Subject: subject, Body: proposal}); err != nil {
			t.Fatal(err)
		}
	}
	deliver("It waits")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, log shared
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"serve"}, &out, &log) }()

	already := len(o.Provider.Sent())
	await(t, "the mails about the first proposal", func() bool { return len(o.Provider.Sent()) == already+2 })
	deliver("It comes")
	await(t, "the mails about the second proposal", func() bool { return len(o.Provider.Sent()) == already+4 })
	pages := regexp.MustCompile(`msg="serving the pages" listen=(\S+)`).FindStringSubmatch(log.String())
	if pages == nil {
		t.Fatalf("nothing is said of the pages:\n%s", log.String())
	}
	answer, err := http.Get("http://" + pages[1] + "/sign-in")
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	answer.Body.Close()
	if ballot := string(o.Provider.Sent()[already].Raw) + string(o.Provider.Sent()[already+1].Raw); !strings.Contains(ballot, "https://changes.example.com/b/") {
		t.Errorf("the ballot names no page:\n%s", ballot)
	}
	stop()
	select {
	case got := <-code:
		if got != exitOK {
			t.Errorf("left with %d", got)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("does not stop")
	}
	if list := o.run("list"); strings.Count(list.out, "proposed") != 2 {
		t.Errorf("afterwards list says\n%s", list.out)
	}
	for _, want := range []string{"sender_proof=token-only", "msg=running", "disposition=accepted", "msg=stopped"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %s:\n%s", want, log.String())
		}
	}
	if out.String() != "" || strings.Contains(log.String(), "Rollback") {
		t.Errorf("it said %q and logged\n%s", out.String(), log.String())
	}
}

func TestServeDoesNotStart(t *testing.T) {
	o := settle(t)
	_, empty := pgtest.Empty(t)
	for _, c := range []struct {
		name string
		pair []string
		code int
		says string
	}{
		{"with an error in the configuration", []string{`"cto@example.com"`, `"cto"`}, exitUsage, "has errors\nhint: countersign check tells every fault"},
		{"without the schema", []string{o.appURL, empty}, exitFailed, "run countersign migrate\nhint: countersign check"},
	} {
		o.configure(c.pair...)
		if got := o.run("serve"); got.code != c.code || !strings.Contains(got.errors, c.says) {
			t.Errorf("%s: left with %d and said %s", c.name, got.code, got.errors)
		}
	}
}

// On SIGHUP the daemon goes on with the configuration as it is now: who is CTO since
// is asked. One with an error changes nothing, and mail that comes meanwhile is
// decided.
func TestServeReloads(t *testing.T) {
	o := settle(t)
	o.configure()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, log shared
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"serve"}, &out, &log) }()
	says := func(text string, times int) {
		t.Helper()
		await(t, text, func() bool { return strings.Count(log.String(), text) == times })
	}
	hangUp := func() {
		t.Helper()
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	asked := func(who, subject string) {
		t.Helper()
		if err := o.Write(stage.Letter{From: "lead@example.com", Subject: subject, Body: strings.Replace(proposal, "Upgrade PostgreSQL", subject, 1)}); err != nil {
			t.Fatal(err)
		}
		await(t, "the ballot of "+subject, func() bool {
			return slices.ContainsFunc(o.Provider.Sent(), func(m mailbox.Sent) bool {
				return m.To == who && strings.Contains(string(m.Raw), subject) && strings.Contains(string(m.Raw), string(policy.AskAuthorization))
			})
		})
	}
	says("msg=running", 1)
	asked("cto@example.com", "Before")

	o.configure(`roles = ["cto"]`, `roles = ["king"]`)
	hangUp()
	says("the configuration is not reloaded", 1)
	asked("cto@example.com", "Meanwhile")

	o.configure(`roles = ["cto"]`, `teams = []`, "[\"it2@example.com\"]\n", "[\"it2@example.com\"]\nroles = [\"cto\"]\n")
	hangUp()
	says("msg=running", 2)
	asked("it2@example.com", "Afterwards")
	stop()
	if got := <-code; got != exitOK {
		t.Errorf("left with %d:\n%s", got, log.String())
	}
	if list := o.run("list"); strings.Count(list.out, "proposed") != 3 {
		t.Errorf("afterwards list says\n%s", list.out)
	}
}

// Told to stop while it is still starting, it stops as it was told.
func TestServeStoppedAtOnce(t *testing.T) {
	o := settle(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, log shared
	if code := run(ctx, []string{"--config", o.ConfigPath(), "serve"}, &out, &log); code != exitOK {
		t.Errorf("left with %d:\n%s", code, log.String())
	}
}
