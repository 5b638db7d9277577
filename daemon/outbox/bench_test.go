package outbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A printing house is an outbox on a database that keeps its promises, with mails
// of the usual size, for measuring.
type printingHouse struct {
	testing.TB
	*outbox.Outbox
	store  *storage.Store
	server *mailbox.Server
	owed   int
}

func openHouse(b *testing.B) *printingHouse {
	b.Helper()
	cluster, err := pg.Start(b.Context(), pg.Durable())
	must(b, err)
	b.Cleanup(func() { must(b, cluster.Stop()) })
	_, app, drop, err := cluster.Database(b.Context())
	must(b, err)
	b.Cleanup(drop)
	store, err := storage.Open(b.Context(), app)
	must(b, err)
	b.Cleanup(func() { store.Close() })
	server, err := mailbox.Start()
	must(b, err)
	b.Cleanup(server.Stop)
	o := outbox.New(outbox.Options{
		URL: "smtp+insecure://" + server.SMTP, From: changes, Log: slog.New(slog.DiscardHandler), Poll: time.Hour,
	}, store, keys)
	return &printingHouse{b, o, store, server, 0}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// sized is a mail as long as a ballot is.
func sized(id, to string) mailtmpl.Mail {
	m := letter(id, to)
	m.Text = mailtmpl.Segments{{Text: strings.Repeat("Upgrade PostgreSQL 15 → 17 on the billing cluster.\n", 50)}, {Slot: mailtmpl.SlotToken}}
	m.HTML = mailtmpl.Segments{{Text: strings.Repeat("<p>Upgrade <b>PostgreSQL</b> 15 → 17 on the billing cluster.</p>\n", 120)}, {Slot: mailtmpl.SlotToken}}
	return m
}

// owe puts n mails into the queue in one transaction.
func (h *printingHouse) owe(n int) {
	h.Helper()
	must(h, h.store.Tx(h.Context(), func(tx *storage.Tx) error {
		for range n {
			h.owed++
			m := sized(fmt.Sprintf("m%d", h.owed), fmt.Sprintf("p%d@example.com", h.owed%20))
			body, err := json.Marshal(m)
			if err != nil {
				return err
			}
			tx.Enqueue(storage.OutMail{
				MessageID: m.MessageID, Recipient: m.To, Body: body, At: time.Now(), Notice: "n",
				Change: policy.ChangeID(fmt.Sprint("c", h.owed/20)), KeyID: "k1", TokenBallot: "b1", TokenPerson: "dev", Generation: 1,
			})
		}
		return nil
	}))
}

// A backlog is sent.
func BenchmarkBacklog(b *testing.B) {
	h := openHouse(b)
	for b.Loop() {
		b.StopTimer()
		h.owe(3000)
		b.StartTimer()
		sent, err := h.Drain(b.Context())
		if sent != 3000 || err != nil {
			b.Fatalf("%d mails were sent, %v", sent, err)
		}
	}
	b.ReportMetric(3000*float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

// From the commit that owes a mail to the server having it.
func BenchmarkDelay(b *testing.B) {
	h := openHouse(b)
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	var delays []time.Duration
	send := func() {
		n := len(h.server.Sent())
		h.owe(1)
		committed := time.Now()
		for len(h.server.Sent()) == n {
			time.Sleep(100 * time.Microsecond)
		}
		delays = append(delays, h.server.Sent()[n].At.Sub(committed))
		time.Sleep(5 * time.Millisecond) // it is marked, and all is quiet
	}
	send() // connects
	for b.Loop() {
		send()
	}
	stop()
	must(b, <-ended)
	delays = delays[1:]
	slices.Sort(delays)
	b.ReportMetric(float64(delays[len(delays)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(delays[len(delays)*95/100].Microseconds())/1000, "ms-p95")
}

// A mail is made for the wire.
func BenchmarkCompose(b *testing.B) {
	m := sized("m1", "p@example.com")
	for b.Loop() {
		if _, err := outbox.Compose(m, token); err != nil {
			b.Fatal(err)
		}
	}
}
