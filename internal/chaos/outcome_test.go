package chaos_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/storage"
)

// An outcome is all that came of a performance, as lines that can be held
// against those of another: each mail with its disposition, each event of each
// change in its order, each mail owed and what became of it.
type outcome []string

// outcomes are the queries that give the lines.
var outcomes = []string{
	`select 'mail ' || left(sha256, 12) || ' ' || disposition || ' of change ' || change || ': ' || reason from messages`,
	`select concat('event ', row_number() over (partition by subject_kind, subject order by seq), ' of ', subject_kind, ' ', left(subject, 20), ': ', kind, ' ', payload)
		from events join event_payloads using (seq)
		where subject_kind = 'change'`,
	`select concat('event of ', subject_kind, ' ', left(subject, 20), ': ', kind, ' ', payload)
		from events join event_payloads using (seq)
		where subject_kind <> 'change'`,
	// A mail whose program died between the 250 and the mark may be answered before
	// the next one looks at it; then nobody asks any more.
	`select concat('outbox ', message_id, ' ', notice, ' to ', recipient, ' about ', change, ': ',
		case when state = 'superseded' and attempts > 0 then 'sent' else state end) from outbox`,
	`select concat('change ', id, ' is ', state) from changes`,
}

// variable is what may differ between two performances: when something
// happened, where a mail about one change lay among those about another, which
// number a change got among those opened at the same time, on which day, and the
// hash of the record, which is salted.
var variable = regexp.MustCompile(`"uidvalidity":\d+,"uid":\d+|"\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)"|\b(CHG|D)-\d{4}-\d{4}\b|\b20\d{6}([0-9a-z]{12,24})\b|"hash":"[0-9a-f]{64}"`)

func (o *site) outcome() outcome {
	o.t.Helper()
	var lines outcome
	for _, query := range outcomes {
		rows, err := o.list(o.t.Context(), query)
		if err != nil {
			o.t.Fatal(err)
		}
		for _, line := range rows {
			lines = append(lines, variable.ReplaceAllString(line, "*$3"))
		}
	}
	for id := range o.sent() {
		lines = append(lines, "sent "+id)
	}
	slices.Sort(lines)
	return lines
}

// list gives the rows of a query for one text.
func (o *site) list(ctx context.Context, query string) (texts []string, err error) {
	rows, err := o.owner.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}

// sent counts the mails the server took, by Message-ID.
func (o *site) sent() map[string]int {
	o.t.Helper()
	times := map[string]int{}
	for _, s := range o.sink.Sent() {
		m, err := stage.Read(s.Raw)
		if err != nil {
			o.t.Fatal(err)
		}
		times[m.MessageID]++
	}
	return times
}

// repeats counts the mails that came again.
func (o *site) repeats() (n int) {
	o.t.Helper()
	for _, times := range o.sent() {
		n += times - 1
	}
	return n
}

// equals holds the outcome against that of an undisturbed performance.
func (o outcome) equals(undisturbed outcome) error {
	var differences []string
	count := map[string]int{}
	for _, line := range undisturbed {
		count[line]++
	}
	for _, line := range o {
		if count[line]--; count[line] < 0 {
			differences = append(differences, "more: "+line)
		}
	}
	for _, line := range undisturbed {
		if count[line] > 0 {
			count[line]--
			differences = append(differences, "less: "+line)
		}
	}
	if len(differences) == 0 {
		return nil
	}
	return fmt.Errorf("it differs from the undisturbed performance:\n%s", strings.Join(differences, "\n"))
}

// holds tells everything that must be so after any performance and is not.
func (o *site) holds(undisturbed outcome) {
	o.t.Helper()
	if err := o.faults(undisturbed); err != nil {
		o.t.Error(err)
	}
}

func (o *site) faults(undisturbed outcome) error {
	o.t.Helper()
	return errors.Join(o.outcome().equals(undisturbed), o.eachMailOnce(), o.filed(), o.repeated(), o.rebuilt())
}

// eachMailOnce: every mail that reached the mailbox has one disposition.
func (o *site) eachMailOnce() error {
	var rows, mails int
	err := o.owner.QueryRow(`select count(*), count(distinct (folder, uidvalidity, uid)) from messages`).Scan(&rows, &mails)
	if _, delivered, _ := o.robots.done(); err == nil && (rows != delivered || mails != delivered) {
		err = fmt.Errorf("%d mails reached the mailbox, %d are on record, %d times", delivered, mails, rows)
	}
	return err
}

// folders are where the dispositions belong (docs/flow.md).
var folders = map[string]string{
	"accepted": "Done", "counted": "Done", "answered": "Done", "noted": "Done",
	"automatic": "Ignored", "own": "Ignored", "unknown-sender": "Ignored", "duplicate": "Ignored",
	"held": "Attention", "unverified": "Attention", "oversize": "Attention", "unreadable": "Attention",
}

// filed: every mail lies, once, in the folder of its disposition.
func (o *site) filed() error {
	dispositions, err := o.list(o.t.Context(), `select disposition || ' ' || sha256 from messages`)
	if err != nil {
		return err
	}
	missing := map[string]int{}
	for _, mail := range dispositions {
		disposition, sha, _ := strings.Cut(mail, " ")
		missing[folders[disposition]+" "+sha]++
	}
	for _, folder := range []string{"INBOX", "Done", "Ignored", "Attention"} {
		mails, err := o.account().Folder(folder)
		if err != nil {
			return err
		}
		for _, m := range mails {
			missing[folder+" "+digest(archived(m))]--
		}
	}
	for mail, n := range missing {
		if n != 0 {
			return fmt.Errorf("%s lies in its folder %d times too few", mail, n)
		}
	}
	return nil
}

// archived is what the record keeps of a mail: of one that is too large, the
// header.
func archived(m mailbox.Message) []byte {
	if len(m.Raw) > 1<<20 {
		return m.Raw[:bytes.Index(m.Raw, []byte("\r\n\r\n"))+4]
	}
	return m.Raw
}

// repeated: a mail came twice only if the program died with it in hand, after
// the claim and before the mark, and no oftener. Where the network is rough, it
// came no oftener than it was tried.
func (o *site) repeated() error {
	each, err := o.list(o.t.Context(), `select message_id from outbox, generate_series(1, attempts)`)
	tried := map[string]int{}
	for _, id := range each {
		tried[id]++
	}
	for id, n := range o.sent() {
		allowed := 1 + o.repeatable[id]
		if o.network != nil {
			allowed = tried[id]
		}
		if n > allowed {
			err = errors.Join(err, fmt.Errorf("mail %s came %d times; a program died %d times with it in hand, and it was tried %d times", id, n, o.repeatable[id], tried[id]))
		}
	}
	return err
}

// rebuilt: the record holds, and everything is as it says.
func (o *site) rebuilt() error {
	store, err := storage.Open(context.Background(), o.settings.AppURL)
	if err != nil {
		return err
	}
	defer store.Close()
	report, err := store.Rebuild(context.Background(), nil)
	if err == nil && !report.OK() {
		err = fmt.Errorf("rebuild --check: %s", strings.Join(report.Differences, "\n"))
	}
	return err
}
