package page

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// The changes whose pages are looked at are played: what people say is decided by
// the policy, and the mails that come and leave are kept as the daemon keeps them.

var montreal = func() *time.Location {
	l, err := time.LoadLocation("America/Montreal")
	if err != nil {
		panic(err)
	}
	return l
}()

func company() policy.Directory {
	person := func(id policy.PersonID, name string, roles []policy.Role, teams ...policy.Team) policy.Person {
		return policy.Person{ID: id, Name: name, Addresses: []string{string(id) + "@example.com"}, Roles: roles, Teams: teams}
	}
	return policy.Directory{
		PolicyVersion: "1.1", FourEyes: policy.CoSign, ProductionWindow: true, Calendar: policy.Calendar{Zone: "America/Montreal", Location: montreal},
		People: []policy.Person{
			person("cto", "Claire Tremblay", []policy.Role{policy.CTO}, policy.Development),
			person("itdir", "Ibrahim Diallo", []policy.Role{policy.ITDirector}, policy.IT),
			person("lead", "Dana Roy", []policy.Role{policy.DevLead}, policy.Development),
			person("dev1", "Ines Moreau", nil, policy.Development),
			person("ops1", "Bruno Weiss", nil, policy.IT),
			person("qa1", "Quentin Ames", nil, policy.QA),
			person("boss", "Grace Okafor", nil, policy.G7),
			person("deputy", "Marie O’Neill", nil),
		},
		Lists:    map[policy.Team][]string{policy.G7: {"g7@example.com"}},
		Deputies: []policy.Deputy{{Principal: "itdir", Deputy: "deputy", From: opening, Until: opening.AddDate(0, 6, 0)}},
	}
}

// opening is when most changes are proposed: a Sunday afternoon in November.
var opening = time.Date(2026, 11, 22, 19, 0, 0, 0, time.UTC)

// A play is one change and everything that has happened to it.
type play struct {
	t      *testing.T
	dir    policy.Directory
	now    time.Time
	change policy.Change
	source Source
	mails  int
}

func newPlay(t *testing.T) *play { return &play{t: t, dir: company(), now: opening} }

// at goes on to a time in Montréal in 2026: "12-05 21:48".
func (p *play) at(when string) *play {
	p.t.Helper()
	now, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+when, montreal)
	if err != nil {
		p.t.Fatal(err)
	}
	p.now = now.UTC()
	return p
}

func (p *play) proposes(by policy.PersonID, over policy.Form, files ...policy.File) *play {
	p.t.Helper()
	form := policy.Form{
		policy.LabelTitle: "Upgrade PostgreSQL 15 to 17 on the billing cluster", policy.LabelCategory: "software technology",
		policy.LabelSystems: "billing-db-1, billing-db-2", policy.LabelJustification: "15 leaves support in November 2027; 17 halves our vacuum windows",
		policy.LabelSecurityImpact: "none new; TLS settings carried over", policy.LabelRisk: "medium, because replication is rebuilt",
		policy.LabelRollback: "promote the old standby, 20 minutes",
		policy.LabelTestPlan: "restore last night’s dump\nrun the billing suite\ncompare totals", policy.LabelImplementer: "dev1",
		policy.LabelTester: "qa1", policy.LabelWindow: "5 December 2026, 20:00 to 23:00", policy.LabelMajor: "yes, it is our billing backend",
		policy.LabelDocuments: "Billing runbook; recovery plan",
	}
	return p.decide(policy.Command{Kind: policy.CommandPropose, ID: "20261122aabbccddeeff", Draft: "D-2026-0007", By: by, Form: form.With(over), Files: files})
}

// says answers the person's open ballot that takes the keyword, or says it
// unasked.
func (p *play) says(by policy.PersonID, k policy.Keyword, fields policy.Form, files ...policy.File) *play {
	p.t.Helper()
	cmd := policy.Command{Kind: policy.CommandAct, By: by, Keyword: k, Form: fields, Files: files}
	for _, b := range p.change.OpenFor(by) {
		if slices.ContainsFunc(policy.Answers(p.change.State, b.Kind), func(r policy.Rule) bool { return r.Keyword == k }) {
			cmd.Kind, cmd.Ballot = policy.CommandAnswer, b.ID
		}
	}
	return p.decide(cmd)
}

// waits until time does something to the ballot that is open.
func (p *play) waits() *play {
	p.t.Helper()
	b := p.change.OpenBallots()[0]
	p.now = b.Next
	return p.decide(policy.Command{Kind: policy.CommandFire, Ballot: b.ID})
}

func (p *play) writes(by policy.PersonID, comment string) *play {
	p.t.Helper()
	return p.decide(policy.Command{Kind: policy.CommandComment, By: by, Text: comment})
}

func (p *play) decide(cmd policy.Command) *play {
	p.t.Helper()
	p.mails++
	cmd.Mail, cmd.Number, cmd.Proof = sum(fmt.Sprint("mail ", p.mails)), "CHG-2026-0042", cmp.Or(cmd.Proof, "authenticated: DKIM of example.com")
	cmd.Seed = cmd.Mail
	d := policy.Decide(p.change, p.dir, cmd, p.now)
	if d.Refusal != nil {
		p.t.Fatalf("%s by %s: %s", cmd.Keyword, cmd.By, d.Refusal.Reason)
	}
	p.change = d.Change
	for _, e := range d.Events {
		payload, err := policy.EncodeEvent(e)
		if err != nil {
			p.t.Fatal(err)
		}
		p.source.Events = append(p.source.Events, storage.EventRow{Kind: e.Kind(), Payload: payload})
	}
	if cmd.By == "" {
		p.mails-- // the operator and the clock write no mail
	} else {
		p.came(cmd)
	}
	for _, n := range d.Notices {
		p.send(n)
	}
	p.now = p.now.Add(time.Minute)
	return p
}

// came keeps the mail of the command.
func (p *play) came(cmd policy.Command) {
	became := map[policy.CommandKind]string{policy.CommandPropose: "accepted", policy.CommandComment: "noted"}[cmd.Kind]
	p.source.In = append(p.source.In, storage.CameIn{
		Folder: "INBOX", Disposition: cmp.Or(became, "counted"), Person: cmd.By, Received: p.now, SHA256: cmd.Mail, Attachments: cmd.Files,
	})
}

func (p *play) send(n policy.Notice) {
	to, address := string(n.To), n.Address
	if address == "" {
		address = to + "@example.com"
	} else {
		to = address
	}
	sent := p.now.Add(10 * time.Second)
	p.source.Out = append(p.source.Out, storage.WentOut{Notice: n.Kind, Person: n.To, Recipient: address, State: "sent", At: p.now, Ended: &sent})
	if !slices.Contains(policy.Distribution, n.Kind) {
		return
	}
	p.source.Deliveries = slices.DeleteFunc(p.source.Deliveries, func(d storage.Delivery) bool { return d.Recipient == to })
	p.source.Deliveries = append(p.source.Deliveries, storage.Delivery{
		Change: p.change.ID, Recipient: to, Address: address, Notice: n.Kind, State: "sent", At: sent,
	})
}

// undelivered has it that the report could not be delivered to the person.
func (p *play) undelivered(to policy.PersonID, notice policy.NoticeKind) {
	for i, o := range p.source.Out {
		if o.Person == to && o.Notice == notice {
			p.source.Out[i].State, p.source.Out[i].LastError = "failed", "550 5.1.1 no such mailbox"
		}
	}
	for i, d := range p.source.Deliveries {
		if d.Recipient == string(to) {
			p.source.Deliveries[i].State, p.source.Deliveries[i].LastError = "failed", "550 5.1.1 no such mailbox"
		}
	}
}

// is what the page is made from now.
func (p *play) is() Source {
	s := p.source
	s.Data = mailtmpl.Data{
		Change: p.change, Directory: p.dir, Location: montreal, Now: p.now,
		Org: mailtmpl.Organization{Name: "Example Inc.", PolicyID: "POL-005", Mailbox: "changes@example.com", WebURL: "https://changes.example.com"},
	}
	s.URL, s.Space = "https://changes.example.com/changes/"+p.change.Name(), "CHG"
	return s
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

func file(name string, size int) policy.File {
	return policy.File{Name: name, Type: "text/plain", Size: size, SHA256: sum(name)}
}

func assessed(over policy.Form) policy.Form {
	return policy.Form{
		policy.LabelJustification: "support ends; agreed", policy.LabelSecurityImpact: "none: same network, same TLS",
		policy.LabelRisk: "medium: the rebuild is rehearsed", policy.LabelRollback: "adequate, 20 minutes is within the window",
	}.With(over)
}

// stories are the changes whose pages are kept in testdata.
var stories = map[string]func(*play){
	"closed": func(p *play) {
		p.proposes("lead", nil, file("plan.txt", 2_310))
		p.at("11-22 16:10").says("cto", policy.KeywordAsk, policy.Form{policy.LabelQuestion: "Has the rebuild of the replication been rehearsed?"})
		p.at("11-22 16:40").says("lead", policy.NoKeyword, policy.Form{policy.LabelReply: "Yes, twice: on 12 and 19 November.\n\nThe second time it took 14 minutes."})
		p.at("11-23 09:14").says("cto", policy.KeywordApprove, assessed(nil))
		p.at("11-23 10:02").says("dev1", policy.KeywordTake, nil)
		p.at("11-24 08:30").writes("ops1", "The monitoring of billing-db-2 moves on Friday; tell me before you start.")
		p.at("12-03 16:12").says("dev1", policy.KeywordImplemented, policy.Form{policy.LabelVersion: "pg17-2026.12.03", policy.LabelDoneAt: "Thu 3 December, 16:10", policy.LabelNotes: "restored the dump on staging, rebuilt replication"})
		p.at("12-04 11:20").says("qa1", policy.KeywordFail, policy.Form{policy.LabelReason: "two totals differ by one cent\nsee rows 118 and 204"}, file("totals.csv", 48_213))
		p.at("12-05 16:12").says("dev1", policy.KeywordImplemented, policy.Form{policy.LabelVersion: "pg17-2026.12.05", policy.LabelDoneAt: "Sat 5 December, 16:10", policy.LabelNotes: "numeric rounding is as in 15"})
		p.at("12-05 21:48").says("qa1", policy.KeywordPass, policy.Form{policy.LabelEvidence: "412 of 412 billing tests; totals equal to the cent"}, policy.File{Name: "totals.csv", Type: "text/csv", Size: 48_198, SHA256: sum("totals again")})
		p.at("12-05 22:15").says("dev1", policy.KeywordReleased, policy.Form{policy.LabelReleasedAt: "Sat 5 December, 22:10"})
		p.at("12-07 10:05").says("cto", policy.KeywordConfirm, policy.Form{policy.LabelChecked: "version and replication lag on both nodes; Monday’s billing run", policy.LabelDeviationAccepted: "the old standby may stay until January"})
		p.at("12-08 16:30").says("cto", policy.KeywordDocumented, policy.Form{policy.LabelDocuments: "Billing runbook / 2.4 / failover commands\nRecovery plan / 7 / the 20-minute fallback"})
	},
	"rejected": func(p *play) {
		p.proposes("lead", nil)
		p.at("11-23 09:14").says("cto", policy.KeywordReject, policy.Form{policy.LabelReason: "not before the audit in January\n\nPropose it again after it."})
	},
	"withdrawn": func(p *play) {
		p.proposes("lead", nil)
		p.at("11-23 09:14").says("lead", policy.KeywordWithdraw, policy.Form{policy.LabelReason: "the vendor prolongs support of 15"})
	},
	"rolled-back": func(p *play) {
		p.proposes("lead", nil)
		p.at("11-23 09:14").says("cto", policy.KeywordApprove, assessed(nil))
		p.at("12-05 16:12").says("dev1", policy.KeywordImplemented, policy.Form{policy.LabelVersion: "pg17", policy.LabelDoneAt: "16:10", policy.LabelNotes: "as planned", policy.LabelLeftUndone: "the old standby is kept until January"})
		p.at("12-05 21:48").says("qa1", policy.KeywordPass, policy.Form{policy.LabelEvidence: "412 of 412"})
		p.at("12-05 22:15").says("dev1", policy.KeywordReleased, policy.Form{policy.LabelReleasedAt: "Sat 5 December, 22:10"})
		p.at("12-07 09:02").says("cto", policy.KeywordUndo, policy.Form{policy.LabelReason: "invoices are rounded wrongly since Saturday"})
		p.at("12-07 10:42").says("dev1", policy.KeywordUndone, policy.Form{policy.LabelUndoneAt: "Mon 7 December, 10:40", policy.LabelNotes: "the old standby was promoted"})
		p.at("12-08 10:00").says("cto", policy.KeywordConfirm, policy.Form{policy.LabelChecked: "15 serves billing; Monday’s invoices were made again"})
		p.at("12-08 10:30").says("cto", policy.KeywordDocumented, policy.Form{policy.LabelDocuments: "none: everything describes 15 still"})
		p.undelivered("lead", policy.ToldUndone)
	},
	"held-up": func(p *play) {
		p.proposes("itdir", policy.Form{
			policy.LabelTitle: "Close port 8443 on the edge firewalls", policy.LabelCategory: "cybersecurity", policy.LabelUrgency: "emergency", policy.LabelImplementer: "ops1",
			policy.LabelEnvironment: "production window", policy.LabelMajor: "no",
		})
		p.at("11-22 14:20").says("itdir", policy.KeywordApprove, assessed(policy.Form{policy.LabelRisk: "low: the port serves nobody"}))
		p.at("11-22 14:40").says("ops1", policy.KeywordImplemented, policy.Form{policy.LabelVersion: "rules-311", policy.LabelDoneAt: "14:38", policy.LabelNotes: "closed on both"})
		p.at("11-22 15:00").says("cto", policy.KeywordObject, policy.Form{policy.LabelReason: "nothing is on fire; the partner portal listens there"})
	},
	"both-halves": func(p *play) {
		p.proposes("lead", policy.Form{policy.LabelTitle: "Move the partner API behind the new gateway", policy.LabelCategory: "architecture design, network infrastructure", policy.LabelImplementer: "ops1"})
		p.at("11-23 09:14").says("cto", policy.KeywordApprove, assessed(nil))
		p.at("11-23 11:30").says("deputy", policy.KeywordApprove, assessed(policy.Form{
			policy.LabelJustification: "partners ask for it since spring; one address instead of four", policy.LabelRisk: "high: four partners change their side on the same day",
			policy.LabelMajor: "yes: all partners go through it",
		}))
		p.at("11-23 12:00").says("ops1", policy.KeywordTake, nil)
	},
	"amended": func(p *play) {
		p.proposes("lead", nil)
		p.at("11-23 09:14").says("cto", policy.KeywordApprove, assessed(nil))
		p.at("11-23 09:30").says("lead", policy.KeywordReschedule, policy.Form{policy.LabelWindow: "6 December 2026, 20:00 to 23:00", policy.LabelReason: "the auditors work on Saturday"})
		p.at("11-23 10:00").says("lead", policy.KeywordAmend, policy.Form{policy.LabelSystems: "billing-db-1, billing-db-2, billing-report", policy.LabelImplementer: "ops1"})
		p.at("11-24 08:50").says("cto", policy.KeywordApprove, assessed(policy.Form{policy.LabelRisk: "medium: the reports read from it at night"}))
	},
	"restricted": func(p *play) {
		p.proposes("lead", policy.Form{
			policy.LabelTitle: "Rotate the keys of the payment gateway", policy.LabelCategory: "cybersecurity", policy.LabelRestricted: "yes", policy.LabelImplementer: "ops1",
			policy.LabelJustification: "a key was seen in a log",
		}, file("log-with-key.txt", 911))
		p.at("11-23 09:14").says("itdir", policy.KeywordApprove, assessed(policy.Form{policy.LabelJustification: "the key was in a log for a week"}))
	},
}

// more are changes that are looked at, and whose pages are not kept whole.
var more = map[string]func(*play){
	"draft": func(p *play) {
		p.proposes("lead", policy.Form{policy.LabelRisk: "rather small", policy.LabelCategory: "databases"})
	},
	"expired": func(p *play) {
		p.proposes("lead", nil)
		for p.change.State == policy.StateProposed {
			p.waits()
		}
	},
	"canceled": func(p *play) {
		p.proposes("lead", nil)
		p.at("11-23 09:14").decide(policy.Command{Kind: policy.CommandCancel, Text: "the cluster was sold", Proof: "operator"})
	},
	"retrospective": func(p *play) {
		p.proposes("itdir", policy.Form{policy.LabelCategory: "cybersecurity", policy.LabelImplementer: "ops1", policy.LabelUrgency: "emergency", policy.LabelAlreadyDone: "21 November, by Bruno, on Claire’s word"})
	},
	"excused": func(p *play) {
		stories["rolled-back"](p)
		p.at("12-09 09:00").decide(policy.Command{Kind: policy.CommandExcuse, Recipient: "lead", Text: "is on leave and was called", Proof: "operator"})
	},
}

func played(t *testing.T, name string) Source {
	t.Helper()
	p := newPlay(t)
	if tell := stories[name]; tell != nil {
		tell(p)
	} else {
		more[name](p)
	}
	return p.is()
}
