package chaos_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/countersign/countersign/internal/testkit/fault"
	"github.com/countersign/countersign/internal/testkit/pg"
)

// A network lies between the program and its servers. Everything goes through
// TLS, so that what is garbled breaks and is never believed. The nil network is
// none.
type network struct {
	proxies []*fault.Proxy
	trusted string // the file of the authorities
}

// roughen leads the program to its servers through a network.
func (o *site) roughen(at place) {
	o.t.Helper()
	imaps, trusted := o.sink.IMAPS, authority().CAPEM
	if at.dovecot != nil {
		imaps = at.dovecot.IMAPS
		trusted = slices.Concat(trusted, at.dovecot.Authority.CAPEM)
	}
	o.network = &network{trusted: filepath.Join(o.dir, "ca.pem")}
	if err := os.WriteFile(o.network.trusted, bytes.TrimSpace(trusted), 0o600); err != nil {
		o.t.Fatal(err)
	}
	owner, app, drop, err := at.rough.Database(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(drop)
	o.settings.OwnerURL = owner
	o.settings.AppURL = pg.Through(o.through(at.rough.Address()), app)
	o.settings.IMAP = "imaps://" + o.through(imaps)
	o.settings.SMTP = "smtps://" + o.through(o.sink.SMTPS)
	o.connect()
}

// through is the way to the server over the network.
func (o *site) through(address string) string {
	o.t.Helper()
	p, err := fault.Listen(address)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { p.Close() })
	o.network.proxies = append(o.network.proxies, p)
	return p.Address
}

func (n *network) certificates() string {
	if n == nil {
		return ""
	}
	return n.trusted
}

// reach is within how many bytes something happens to a connection.
const reach = 20_000

// storm lets every other connection from now on suffer, by chance.
func (n *network) storm(seed uint64) {
	if n == nil || seed == 0 {
		return
	}
	for i, p := range n.proxies {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		p.Script(func(int) fault.Plan {
			if rng.IntN(2) == 0 {
				return fault.Plan{}
			}
			return fault.Random(rng, reach)
		})
	}
}

// calm ends the storm; no connection outlives it.
func (n *network) calm() {
	for _, p := range n.proxies {
		p.Script(nil)
		p.Cut()
		p.Resume()
	}
}

// struck is how much has happened.
func (n *network) struck() (times int) {
	if n == nil {
		return 0
	}
	for _, p := range n.proxies {
		times += p.Struck()
	}
	return times
}
